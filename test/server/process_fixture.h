// What tests of builds share: a process, and certificates in files. One thread.
#ifndef CULVERT_TEST_SERVER_PROCESS_FIXTURE_H_
#define CULVERT_TEST_SERVER_PROCESS_FIXTURE_H_

#include <gtest/gtest.h>

#include <memory>
#include <string>

#include "extensions/registry.h"
#include "source/server/process.h"
#include "test/identity/temporary_file.h"
#include "test/tls/test_authority.h"

namespace culvert::server {

class ProcessFixture : public ::testing::Test {
 protected:
  ProcessFixture() : process_(*Process::Create(registry_, 1)) {}

  // Keys of another index are other keys.
  static tls::Issued Issue(const std::string& name, int days = 30, int key_index = 0) {
    static const tls::TestAuthority authority("authority");
    return authority.Issue(
        {.common_name = name, .names = {"DNS:" + name}, .key_index = key_index, .days = days});
  }

  LoadedConfig Build(const std::string& yaml, const SnapshotPtr& before = nullptr,
                     const std::string& base_directory = "/") {
    return process_->Build(
        config::LoadConfigText(yaml, config::Format::kYaml, "test.yaml", {registry_.Names()}),
        base_directory, before.get());
  }
  // One that there are no errors in.
  SnapshotPtr BuildGood(const std::string& yaml, const SnapshotPtr& before = nullptr,
                        const std::string& base_directory = "/") {
    LoadedConfig built = Build(yaml, before, base_directory);
    EXPECT_EQ(config::ToString(built.errors), "");
    return built.snapshot;
  }

  const filter::Registry registry_ = extensions::MakeRegistry();
  const std::unique_ptr<Process> process_;
  const tls::Issued issued_ = Issue("a.test");
  const identity::TemporaryFile certificate_{issued_.certificate_pem};
  const identity::TemporaryFile key_{issued_.key_pem};
};

}  // namespace culvert::server

#endif  // CULVERT_TEST_SERVER_PROCESS_FIXTURE_H_
