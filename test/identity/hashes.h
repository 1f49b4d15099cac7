// Hashes that other programs made of the password "wonderland".
#ifndef CULVERT_TEST_IDENTITY_HASHES_H_
#define CULVERT_TEST_IDENTITY_HASHES_H_

#include <string_view>

namespace culvert::identity {

inline constexpr std::string_view kPassword = "wonderland";

// htpasswd -nbB -C 4
inline constexpr std::string_view kBcrypt2y =
    "$2y$04$BifGYhspopgIxsJr7336WuFK/fcrOL5P7W97kSm67P3XTHMkvtbJS";
// htpasswd -nbB -C 9: slow enough to be measured.
inline constexpr std::string_view kBcryptSlow =
    "$2y$09$9qFO2.lsIaRz4CVOTC1OeuJdM6xjFYzY.G4GOisZJdf7HpNLjoGIu";
// crypt(3)
inline constexpr std::string_view kBcrypt2a =
    "$2a$04$CCCCCCCCCCCCCCCCCCCCC.OBeVDSel7t2DNzhrakp2ya5g.u6CSHO";
inline constexpr std::string_view kBcrypt2b =
    "$2b$04$CCCCCCCCCCCCCCCCCCCCC.OBeVDSel7t2DNzhrakp2ya5g.u6CSHO";
// openssl passwd -5 -salt saltstring
inline constexpr std::string_view kSha256Crypt =
    "$5$saltstring$P8WxiZdsQgEV/WrUJLFhcY321KVz2YovpJcf0/DrUQ2";
// crypt(3)
inline constexpr std::string_view kSha256CryptRounds =
    "$5$rounds=1000$saltstring$h/MRXFBWlCHxtsUgJox0IaZxGiymmMWBCcsmIuZgjD9";
// openssl passwd -6 -salt saltstring
inline constexpr std::string_view kSha512Crypt =
    "$6$saltstring$"
    "Q78qN3hztgTquoWC9NtuDHj45jbqRGGbA4LEwaFxw3MHtUvbisWpNl2GcJxgV8s4WnkDTKEyViX3xD6jBJP"
    "0B0";
// crypt(3)
inline constexpr std::string_view kSha512CryptRounds =
    "$6$rounds=1000$saltstring$JnP.5CpjHyOb3MZlgSdxSS8QLMJqDUPOwt1VtO2ocUeIwc4T/"
    "p4qlJzWZwRxoGqcZowugIQeRV32oS5b9oiNF.";
// htpasswd -nbs
inline constexpr std::string_view kSha1 = "{SHA}tiY7sUhYKUwI5L3866kDY+ENcrQ=";

}  // namespace culvert::identity

#endif  // CULVERT_TEST_IDENTITY_HASHES_H_
