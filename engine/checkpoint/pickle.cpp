#include "engine/checkpoint/pickle.h"

#include <algorithm>
#include <map>

#include "engine/checkpoint/json.h"
#include "engine/error.h"
#include "engine/tokenizer/unicode.h"

namespace argali {
namespace {

using Id = PickleValue::Id;
using Kind = PickleValue::Kind;

// All far above published files, whose streams have some ten thousand values.
constexpr size_t largestStream = size_t(32) << 20;
constexpr size_t mostValues = size_t(1) << 20, mostItems = size_t(1) << 22;
constexpr size_t highestStack = 65536, deepestNesting = 1000;
constexpr size_t longestGlobal = 256;
constexpr uint32_t largestMemo = uint32_t(1) << 24;

/// The bytes of the opcodes that are known.
enum Opcode : uint8_t {
    Mark = '(',
    Stop = '.',
    BinFloat = 'G',
    BinInt = 'J',
    BinInt1 = 'K',
    BinInt2 = 'M',
    None = 'N',
    BinPersistentId = 'Q',
    Reduce = 'R',
    ShortBinString = 'U',
    BinUnicode = 'X',
    EmptyList = ']',
    Append = 'a',
    Build = 'b',
    Global = 'c',
    Appends = 'e',
    BinGet = 'h',
    LongBinGet = 'j',
    BinPut = 'q',
    LongBinPut = 'r',
    SetItem = 's',
    TupleOfMark = 't',
    SetItems = 'u',
    EmptyDict = '}',
    EmptyTuple = ')',
    Protocol = 0x80,
    NewObject = 0x81,
    Tuple1 = 0x85,
    Tuple2 = 0x86,
    Tuple3 = 0x87,
    NewTrue = 0x88,
    NewFalse = 0x89,
    Long1 = 0x8A,
    EmptySet = 0x8F,
};

class PickleMachine final {
public:
    PickleMachine(std::string_view stream, const std::string& file, PickleRules& rules)
        : m_stream(stream), m_file(file), m_rules(rules)
    {
    }

    Pickle run();

private:
    [[noreturn]] void refuse(const std::string& what,
                             Error::Code code = Error::Code::BadModel) const
    {
        throw Error(code,
                    m_file + ": byte " + std::to_string(m_opcodeAt) + " of its pickle " + what);
    }

    [[noreturn]] void refuseLimit(const char* what, size_t limit) const
    {
        refuse(std::string("exceeds the limit of ") + std::to_string(limit) + " " + what);
    }

    std::string_view take(size_t bytes)
    {
        if (bytes > m_stream.size() - m_at)
            refuse("wants " + std::to_string(bytes) + " more bytes, but the pickle has " +
                   std::to_string(m_stream.size() - m_at) + " left; it is cut or damaged");
        m_at += bytes;
        return m_stream.substr(m_at - bytes, bytes);
    }

    /// A little-endian number without sign.
    uint64_t takeNumber(size_t bytes)
    {
        uint64_t value = 0;
        const std::string_view text = take(bytes);
        for (size_t i = bytes; i > 0; --i)
            value = value << 8 | static_cast<uint8_t>(text[i - 1]);
        return value;
    }

    std::string_view takeLine();
    std::string_view takeText();

    PickleValue& value(Id id) { return m_values[id]; }

    void pushId(Id id)
    {
        if (m_stack.size() == highestStack)
            refuseLimit("values at a time", highestStack);
        m_stack.push_back(id);
    }

    void push(PickleValue&& newValue)
    {
        if (m_values.size() == mostValues)
            refuseLimit("values", mostValues);
        m_values.push_back(std::move(newValue));
        pushId(static_cast<Id>(m_values.size() - 1));
    }

    void push(Kind kind, int64_t number = 0)
    {
        PickleValue newValue;
        newValue.kind = kind;
        newValue.number = number;
        push(std::move(newValue));
    }

    /// Takes the topmost value, which must lie above the last mark.
    Id pop()
    {
        if (m_stack.size() <= (m_marks.empty() ? 0 : m_marks.back()))
            refuse("takes a value where there is none");
        const Id id = m_stack.back();
        m_stack.pop_back();
        return id;
    }

    Id top()
    {
        const Id id = pop();
        m_stack.push_back(id);
        return id;
    }

    std::vector<Id> popToMark();
    void put(Id container, const std::vector<Id>& items);
    void setItems(const std::vector<Id>& items);
    void appendItems(const std::vector<Id>& items);
    void pushTuple(std::vector<Id>&& items);
    void pushObject(PickleValue&& object);
    void call();
    void build();
    void memorise(uint64_t index);
    void recall(uint64_t index);
    void pushInteger(uint64_t bits, size_t bytes);
    void step(uint8_t opcode);
    bool stepOfData(uint8_t opcode);

    const std::string_view m_stream;
    const std::string& m_file;
    PickleRules& m_rules;
    size_t m_at = 0, m_opcodeAt = 0;
    PickleValues m_values;
    std::vector<Id> m_stack;
    std::vector<size_t> m_marks; ///< heights of the stack
    std::map<uint32_t, Id> m_memo;
    size_t m_itemCount = 0;
};

std::string_view PickleMachine::takeLine()
{
    const size_t end = m_stream.find('\n', m_at);
    if (end == m_stream.npos)
        refuse("names something without an end; it is cut or damaged");
    const std::string_view line = m_stream.substr(m_at, end - m_at);
    m_at = end + 1;
    if (line.size() > longestGlobal)
        refuseLimit("bytes of a name", longestGlobal);
    return line;
}

std::string_view PickleMachine::takeText()
{
    const std::string_view text = take(takeNumber(4));
    if (firstInvalidUtf8(text))
        refuse("has a text that is not UTF-8: " + inQuotes(text));
    return text;
}

std::vector<Id> PickleMachine::popToMark()
{
    if (m_marks.empty())
        refuse("goes back to a mark that was never set");
    const auto begin = m_stack.begin() + static_cast<std::ptrdiff_t>(m_marks.back());
    std::vector<Id> items(begin, m_stack.end());
    m_stack.erase(begin, m_stack.end());
    m_marks.pop_back();
    return items;
}

/// Adds items to a value that holds others, and keeps count of how deep they go.
void PickleMachine::put(Id container, const std::vector<Id>& items)
{
    m_itemCount += items.size();
    if (m_itemCount > mostItems)
        refuseLimit("items", mostItems);
    PickleValue& whole = value(container);
    for (const Id item : items) {
        const size_t depth = value(item).depth + size_t(1);
        if (depth > deepestNesting)
            refuseLimit("values inside each other", deepestNesting);
        whole.depth = std::max(whole.depth, static_cast<uint16_t>(depth));
    }
    whole.items.insert(whole.items.end(), items.begin(), items.end());
}

void PickleMachine::setItems(const std::vector<Id>& items)
{
    const Id container = top();
    if (items.size() % 2 != 0)
        refuse("has a key without a value");
    if (value(container).kind == Kind::Map)
        put(container, items);
    else if (value(container).kind != Kind::Object || !m_rules.swallows(value(container)))
        refuse(std::string("puts keys into ") + nameOf(value(container).kind) + ", expected a map");
}

void PickleMachine::appendItems(const std::vector<Id>& items)
{
    const Id container = top();
    if (value(container).kind == Kind::List)
        put(container, items);
    else if (value(container).kind != Kind::Object || !m_rules.swallows(value(container)))
        refuse(std::string("appends to ") + nameOf(value(container).kind) + ", expected a list");
}

void PickleMachine::pushTuple(std::vector<Id>&& items)
{
    push(Kind::Tuple);
    put(m_stack.back(), items);
}

void PickleMachine::pushObject(PickleValue&& object)
{
    push(std::move(object));
}

/// REDUCE and NEWOBJ: both make something of an object and a tuple.
void PickleMachine::call()
{
    const Id arguments = pop(), callable = pop();
    if (value(arguments).kind != Kind::Tuple)
        refuse(std::string("calls with ") + nameOf(value(arguments).kind) + ", expected a tuple");
    pushObject(m_rules.call(m_values, value(callable), value(arguments)));
}

void PickleMachine::build()
{
    const Id attributes = pop();
    m_rules.state(value(top()), value(attributes));
}

void PickleMachine::memorise(uint64_t index)
{
    if (index > largestMemo)
        refuse("remembers a value as number " + std::to_string(index) + ", the limit is " +
               std::to_string(largestMemo));
    if (m_memo.size() == mostValues)
        refuseLimit("remembered values", mostValues);
    m_memo[static_cast<uint32_t>(index)] = top();
}

void PickleMachine::recall(uint64_t index)
{
    const auto found = m_memo.find(static_cast<uint32_t>(index));
    if (found == m_memo.end())
        refuse("recalls the value " + std::to_string(index) + ", which was never remembered");
    pushId(found->second);
}

/// A little-endian number of this many bytes in two's complement.
void PickleMachine::pushInteger(uint64_t bits, size_t bytes)
{
    if (bytes > 0 && bytes < 8 && (bits >> (8 * bytes - 1) & 1) != 0)
        bits |= ~uint64_t(0) << (8 * bytes);
    push(Kind::Integer, static_cast<int64_t>(bits));
}

/// Opcodes of plain data. False for others.
bool PickleMachine::stepOfData(uint8_t opcode)
{
    PickleValue text;
    text.kind = Kind::Text;
    switch (opcode) {
    case None:
        push(Kind::None);
        return true;
    case NewTrue:
    case NewFalse:
        push(Kind::Boolean, opcode == NewTrue ? 1 : 0);
        return true;
    case BinInt:
        pushInteger(takeNumber(4), 4);
        return true;
    case BinInt1:
        push(Kind::Integer, static_cast<int64_t>(takeNumber(1)));
        return true;
    case BinInt2:
        push(Kind::Integer, static_cast<int64_t>(takeNumber(2)));
        return true;
    case Long1: {
        const size_t bytes = takeNumber(1);
        if (bytes > 8)
            refuse("has a number of " + std::to_string(bytes) + " bytes, the limit is 8");
        pushInteger(takeNumber(bytes), bytes);
        return true;
    }
    case BinFloat:
        take(8); // no tensor depends on one
        push(Kind::Real);
        return true;
    case BinUnicode:
        text.text = takeText();
        push(std::move(text));
        return true;
    case ShortBinString:
        text.text = take(takeNumber(1));
        push(std::move(text));
        return true;
    case EmptyDict:
        push(Kind::Map);
        return true;
    case EmptyList:
        push(Kind::List);
        return true;
    case EmptySet:
        push(Kind::Set);
        return true;
    case EmptyTuple:
        push(Kind::Tuple);
        return true;
    default:
        return false;
    }
}

void PickleMachine::step(uint8_t opcode)
{
    if (stepOfData(opcode))
        return;
    switch (opcode) {
    case Mark:
        if (m_marks.size() == deepestNesting)
            refuseLimit("values inside each other", deepestNesting);
        m_marks.push_back(m_stack.size());
        return;
    case TupleOfMark:
        return pushTuple(popToMark());
    case Tuple1:
    case Tuple2:
    case Tuple3: {
        std::vector<Id> items(opcode - Tuple1 + size_t(1));
        for (size_t i = items.size(); i > 0; --i)
            items[i - 1] = pop();
        return pushTuple(std::move(items));
    }
    case Append:
        return appendItems({pop()});
    case Appends:
        return appendItems(popToMark());
    case SetItem: {
        const Id item = pop(), key = pop();
        return setItems({key, item});
    }
    case SetItems:
        return setItems(popToMark());
    case BinPut:
        return memorise(takeNumber(1));
    case LongBinPut:
        return memorise(takeNumber(4));
    case BinGet:
        return recall(takeNumber(1));
    case LongBinGet:
        return recall(takeNumber(4));
    case Global: {
        const std::string_view module = takeLine(), name = takeLine();
        return push(Kind::Object, m_rules.global(module, name));
    }
    case BinPersistentId: {
        const Id key = pop();
        return pushObject(m_rules.persistent(m_values, value(key)));
    }
    case Reduce:
    case NewObject:
        return call();
    case Build:
        return build();
    default: {
        static const char digits[] = "0123456789ABCDEF";
        refuse(std::string("has the opcode 0x") + digits[opcode >> 4] + digits[opcode & 15] +
                   ", which no torch checkpoint needs",
               Error::Code::Unsupported);
    }
    }
}

Pickle PickleMachine::run()
{
    if (m_stream.size() > largestStream)
        refuseLimit("bytes", largestStream);
    if (takeNumber(1) != Protocol)
        refuse("does not tell its protocol; expected protocol 2", Error::Code::Unsupported);
    if (const uint64_t protocol = takeNumber(1); protocol != 2)
        refuse("tells protocol " + std::to_string(protocol) + "; expected protocol 2",
               Error::Code::Unsupported);
    while (true) {
        m_opcodeAt = m_at;
        const auto opcode = static_cast<uint8_t>(takeNumber(1));
        if (opcode == Stop)
            break;
        step(opcode);
    }
    const Id root = pop();
    if (!m_stack.empty() || !m_marks.empty())
        refuse("ends with " + std::to_string(m_stack.size() + m_marks.size()) +
               " values left over");
    if (m_at != m_stream.size())
        refuse("ends " + std::to_string(m_stream.size() - m_at) + " bytes before the end");
    return {std::move(m_values), root};
}

} // namespace

const char* nameOf(PickleValue::Kind kind)
{
    switch (kind) {
    case Kind::None:
        return "nothing";
    case Kind::Boolean:
        return "true or false";
    case Kind::Integer:
    case Kind::Real:
        return "a number";
    case Kind::Text:
        return "a text";
    case Kind::Tuple:
        return "a tuple";
    case Kind::List:
        return "a list";
    case Kind::Set:
        return "a set";
    case Kind::Map:
        return "a map";
    case Kind::Object:
        return "an object";
    }
    throw Error(Error::Code::Internal, "no such kind of pickled value");
}

Pickle readPickle(std::string_view stream, const std::string& file, PickleRules& rules)
{
    return PickleMachine(stream, file, rules).run();
}

} // namespace argali
