#pragma once

#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

namespace argali {

/// One value of a pickle stream. Values refer to others by their numbers, so that sharing and
/// circles cost nothing and nothing is ever walked recursively.
struct PickleValue {
    using Id = uint32_t;
    enum class Kind : uint8_t {
        None,
        Boolean,
        Integer,
        Real,
        Text,  ///< a view into the stream; UTF-8 only where the stream says so
        Tuple, ///< items
        List,  ///< items
        Set,   ///< always empty: nothing that is read here fills one
        Map,   ///< keys and values in turn
        Object ///< what the rules made; number is theirs
    };

    Kind kind = Kind::None;
    uint16_t depth = 0; ///< of what it holds, as far as it was known when it was put in
    int64_t number = 0; ///< of Boolean, Integer and Object
    std::string_view text;
    std::vector<Id> items;
};

/// The values of a stream by number.
using PickleValues = std::vector<PickleValue>;

/// "a list", "a number", ... for messages.
const char* nameOf(PickleValue::Kind kind);

/// What a stream may name. A global is looked up in a table; no code belongs to it. Every function
/// gives the number of an object, and throws for what is not allowed.
class PickleRules {
public:
    virtual ~PickleRules() = default;
    /// An object for a name, "torch._utils" "_rebuild_tensor_v2".
    virtual int64_t global(std::string_view module, std::string_view name) = 0;
    /// What the stream wants to be made of an object and a tuple.
    virtual PickleValue call(const PickleValues& values, const PickleValue& callable,
                             const PickleValue& arguments) = 0;
    /// What lies outside of the stream.
    virtual PickleValue persistent(const PickleValues& values, const PickleValue& key) = 0;
    /// Attributes for an object; they are forgotten.
    virtual void state(const PickleValue& object, const PickleValue& attributes) = 0;
    /// Whether items may be put into this object, to be forgotten.
    virtual bool swallows(const PickleValue& object) const = 0;
};

/// A stream that was read: its values and which of them is the root.
struct Pickle {
    PickleValues values;
    PickleValue::Id root = 0;
};

/// Reads a stream of protocol 2 as torch writes them, of at most 32 MiB. Only the opcodes that data
/// need are known; nothing is imported or called. stream must outlive the result.
/// Throws: Error::Code::BadModel, Unsupported (opcode, protocol) with file, byte and what; what the
///         rules throw
/// Source: the comments of pickletools.py in the Python library
Pickle readPickle(std::string_view stream, const std::string& file, PickleRules& rules);

} // namespace argali
