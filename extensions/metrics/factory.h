// `metrics`: answers GET on one path with the process's counters, gauges and histograms as
// Prometheus text.
#ifndef CULVERT_EXTENSIONS_METRICS_FACTORY_H_
#define CULVERT_EXTENSIONS_METRICS_FACTORY_H_

#include "source/filter/factory.h"

namespace culvert::extensions::metrics {

filter::FilterFactoryPtr MakeMetricsFactory();

}  // namespace culvert::extensions::metrics

#endif  // CULVERT_EXTENSIONS_METRICS_FACTORY_H_
