// A password in memory: on the heap, in one place, wiped when its owner goes. Move-only, so that no
// copy is left behind; one thread at a time.
#ifndef CULVERT_SOURCE_IDENTITY_SECRET_H_
#define CULVERT_SOURCE_IDENTITY_SECRET_H_

#include <cstddef>
#include <memory>
#include <string>
#include <string_view>

namespace culvert::identity {

class Secret {
 public:
  explicit Secret(std::string_view text);
  ~Secret();
  Secret(Secret&& other) noexcept;
  Secret& operator=(Secret&& other) noexcept;

  std::string_view view() const { return {bytes_.get(), size_}; }

 private:
  // Not a std::string: moving a short one leaves its bytes in the source.
  std::unique_ptr<char[]> bytes_;
  size_t size_;
};

// Overwrites the bytes in a way that the compiler keeps, and empties `text`.
void Wipe(std::string& text);

// Takes as long whether and wherever they differ. The lengths are not hidden.
bool EqualInConstantTime(std::string_view a, std::string_view b);

}  // namespace culvert::identity

#endif  // CULVERT_SOURCE_IDENTITY_SECRET_H_
