#pragma once

#include <iosfwd>
#include <string>
#include <string_view>
#include <utility>

namespace argali::remote {

/// A key or password. It cannot be printed, logged or turned into JSON by accident: only reveal()
/// gives it away, for the header that needs it. Its memory is overwritten when it goes.
class Secret final {
public:
    Secret() = default;
    explicit Secret(std::string value) : m_value(std::move(value)) {}
    Secret(const Secret& other) = default;
    Secret(Secret&& other) noexcept;
    Secret& operator=(const Secret& other);
    Secret& operator=(Secret&& other) noexcept;
    ~Secret() { wipe(); }

    bool isEmpty() const { return m_value.empty(); }
    std::string_view reveal() const { return m_value; }
    /// Compares in a time that depends on the lengths alone.
    bool equals(std::string_view other) const;

private:
    void wipe();

    std::string m_value;
};

std::ostream& operator<<(std::ostream&, const Secret&) = delete;

/// The text with every place where a secret stands in it replaced by "***": for messages that a
/// server wrote, which may repeat what it was sent.
std::string without(std::string text, const Secret& secret);

} // namespace argali::remote
