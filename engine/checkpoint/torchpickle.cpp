#include "engine/checkpoint/torchpickle.h"

#include <algorithm>
#include <utility>

#include "engine/checkpoint/json.h"

namespace argali {
namespace {

using ValueKind = PickleValue::Kind;

// A small storage looks like any size through strides of 0; a copy of it would be of that size.
constexpr int64_t largestExpanded = int64_t(1) << 24;

struct NamedType {
    std::string_view name;
    DType type;
};

constexpr NamedType storageClasses[] = {
    {"FloatStorage", DType::F32}, {"DoubleStorage", DType::F64},    {"HalfStorage", DType::F16},
    {"CharStorage", DType::I8},   {"BFloat16Storage", DType::BF16}, {"ByteStorage", DType::U8},
    {"ShortStorage", DType::I16}, {"IntStorage", DType::I32},       {"LongStorage", DType::I64},
    {"BoolStorage", DType::Bool}};

constexpr NamedType elementTypes[] = {
    {"float32", DType::F32},   {"float", DType::F32},   {"float64", DType::F64},
    {"double", DType::F64},    {"float16", DType::F16}, {"half", DType::F16},
    {"bfloat16", DType::BF16}, {"int8", DType::I8},     {"uint8", DType::U8},
    {"int16", DType::I16},     {"short", DType::I16},   {"int32", DType::I32},
    {"int", DType::I32},       {"int64", DType::I64},   {"long", DType::I64},
    {"bool", DType::Bool}};

/// Element types of torch that are not read, by the beginnings of their names.
constexpr std::string_view otherTypes[] = {
    "float8", "float4", "complex", "cfloat", "cdouble", "chalf", "quint", "qint",  "uint16",
    "uint32", "uint64", "uint1",   "uint2",  "uint3",   "uint4", "uint5", "uint6", "uint7",
    "int1",   "int2",   "int3",    "int4",   "int5",    "int6",  "int7",  "bits"};

/// The functions that make tensors: how many arguments they may have.
struct RebuildFunction {
    std::string_view name;
    size_t fewest, most;
};
enum Rebuild { RebuildTensor, RebuildTensorV2, RebuildTensorV3, RebuildParameter };
constexpr RebuildFunction rebuildFunctions[] = {{"_rebuild_tensor", 4, 4},
                                                {"_rebuild_tensor_v2", 6, 7},
                                                {"_rebuild_tensor_v3", 7, 8},
                                                {"_rebuild_parameter", 3, 3}};

const NamedType* find(std::span<const NamedType> types, std::string_view name)
{
    const auto found = std::find_if(types.begin(), types.end(),
                                    [&](const NamedType& type) { return type.name == name; });
    return found == types.end() ? nullptr : &*found;
}

} // namespace

void TorchRules::refuse(const std::string& what, Error::Code code) const
{
    throw Error(code, m_file + ": its pickle " + what);
}

TorchRules::Object TorchRules::lookUp(std::string_view module, std::string_view name) const
{
    Object result;
    result.name = std::string(module) + "." + std::string(name);
    if (module == "collections" && name == "OrderedDict") {
        result.kind = Kind::OrderedMap;
        return result;
    }
    if (module == "torch.nn.parameter" && name == "Parameter") {
        result.kind = Kind::ParameterClass;
        return result;
    }
    if (module == "torch.storage" && name == "UntypedStorage") {
        result.kind = Kind::StorageClass;
        result.isBytes = true;
        return result;
    }
    if (module == "torch._utils")
        for (size_t i = 0; i < std::size(rebuildFunctions); ++i)
            if (name == rebuildFunctions[i].name) {
                result.kind = Kind::Rebuild;
                result.rebuild = static_cast<int>(i);
                return result;
            }
    if (module == "torch") {
        const NamedType* const storage = find(storageClasses, name);
        const NamedType* const element = find(elementTypes, name);
        const bool isOther =
            std::any_of(std::begin(otherTypes), std::end(otherTypes),
                        [&](std::string_view type) { return name.starts_with(type); });
        result.type = storage ? storage->type : element ? element->type : DType::F32;
        result.isUnsupported = !storage && !element;
        if (storage || (name.ends_with("Storage") && name.find('.') == name.npos))
            result.kind = Kind::StorageClass;
        else if (element || isOther)
            result.kind = Kind::ElementType;
        else if (name == "Size")
            result.kind = Kind::SizeClass;
        else if (name == "device")
            result.kind = Kind::DeviceClass;
        if (result.kind != Kind::Plain)
            return result;
    }
    if (m_foreign == ForeignObjects::Skip) {
        result.kind = Kind::Foreign;
        return result;
    }
    refuse(
        "names " + inQuotes(result.name) +
        ", which is no part of a checkpoint and could be code; such a file is not opened: take a "
        "file of weights alone, best a .safetensors");
}

int64_t TorchRules::global(std::string_view module, std::string_view name)
{
    const std::string full = std::string(module) + "\n" + std::string(name);
    if (const auto known = m_globals.find(full); known != m_globals.end())
        return known->second;
    const int64_t number = add(lookUp(module, name)).number;
    m_globals.emplace(full, number);
    return number;
}

PickleValue TorchRules::add(Object&& object)
{
    PickleValue value;
    value.kind = ValueKind::Object;
    value.number = static_cast<int64_t>(m_objects.size());
    m_objects.push_back(std::move(object));
    return value;
}

const TorchRules::Object* TorchRules::objectOf(const PickleValue& value) const
{
    return value.kind == ValueKind::Object ? &m_objects[static_cast<size_t>(value.number)]
                                           : nullptr;
}

const TorchTensor* TorchRules::tensorOf(const PickleValue& value) const
{
    const Object* const object = objectOf(value);
    return object && object->kind == Kind::Made ? &object->tensor : nullptr;
}

const std::string* TorchRules::foreignName(const PickleValue& value) const
{
    const Object* const object = objectOf(value);
    return object && object->kind == Kind::Foreign ? &object->name : nullptr;
}

bool TorchRules::swallows(const PickleValue& object) const
{
    return foreignName(object) != nullptr;
}

void TorchRules::state(const PickleValue& object, const PickleValue&)
{
    const bool takesAttributes =
        object.kind == ValueKind::Map || tensorOf(object) || foreignName(object);
    if (!takesAttributes) {
        const Object* const known = objectOf(object);
        refuse("sets attributes of " + (known ? inQuotes(known->name) : nameOf(object.kind)) +
               ", which have none here");
    }
}

PickleValue TorchRules::call(const PickleValues& values, const PickleValue& callable,
                             const PickleValue& arguments)
{
    const Object* const function = objectOf(callable);
    if (!function)
        refuse(std::string("calls ") + nameOf(callable.kind));
    PickleValue made;
    switch (function->kind) {
    case Kind::OrderedMap:
        if (!arguments.items.empty())
            refuse("makes an OrderedDict with arguments, expected none");
        made.kind = ValueKind::Map;
        return made;
    case Kind::Rebuild:
        return rebuild(values, Object(*function), arguments);
    case Kind::SizeClass:
    case Kind::DeviceClass: {
        Object plain;
        plain.name = function->name;
        return add(std::move(plain));
    }
    case Kind::Foreign:
        return callable;
    default:
        refuse("calls " + inQuotes(function->name) + ", which nothing calls in a checkpoint");
    }
}

PickleValue TorchRules::persistent(const PickleValues& values, const PickleValue& key)
{
    const auto at = [&](size_t i) -> const PickleValue& { return values[key.items[i]]; };
    if (key.kind != ValueKind::Tuple || key.items.size() != 5 || at(0).kind != ValueKind::Text ||
        at(0).text != "storage" || at(2).kind != ValueKind::Text || at(3).kind != ValueKind::Text ||
        at(4).kind != ValueKind::Integer)
        refuse("names something outside of it that is no storage; expected the five parts "
               "\"storage\", class, key, place, size");
    const Object* const storageClass = objectOf(at(1));
    if (!storageClass || storageClass->kind != Kind::StorageClass) {
        if (storageClass && storageClass->kind == Kind::Foreign)
            return at(1);
        refuse("names a storage of a class that is none");
    }
    if (storageClass->isUnsupported)
        refuse("names a storage of the class " + inQuotes(storageClass->name) +
                   ", which this program does not read",
               Error::Code::Unsupported);
    Object storage = *storageClass;
    storage.kind = Kind::Storage;
    storage.bytes = m_storages(at(2).text);
    storage.name = std::string(at(2).text);
    const int64_t count = at(4).number, size = storage.isBytes ? 1 : sizeOf(storage.type);
    int64_t bytes = 0;
    if (count < 0 || __builtin_mul_overflow(count, size, &bytes) ||
        static_cast<uint64_t>(bytes) != storage.bytes.size())
        refuse("promises " + std::to_string(count) + " elements of " + std::to_string(size) +
               " bytes in storage " + inQuotes(storage.name) + ", which has " +
               std::to_string(storage.bytes.size()) + " bytes");
    return add(std::move(storage));
}

PickleValue TorchRules::rebuild(const PickleValues& values, const Object& function,
                                const PickleValue& arguments)
{
    const RebuildFunction& about = rebuildFunctions[function.rebuild];
    const size_t count = arguments.items.size();
    if (count < about.fewest || count > about.most)
        refuse("makes a tensor by " + std::string(about.name) + " of " + std::to_string(count) +
               " arguments, expected " + std::to_string(about.fewest) +
               (about.most > about.fewest ? " or " + std::to_string(about.most) : ""));
    const PickleValue& first = values[arguments.items.front()];
    if (foreignName(first))
        return first;
    if (function.rebuild == RebuildParameter) {
        if (!tensorOf(first))
            refuse("makes a parameter of something that is no tensor");
        return first;
    }
    const Object* const storage = objectOf(first);
    if (!storage || storage->kind != Kind::Storage)
        refuse("makes a tensor of something that is no storage");
    DType type = storage->type;
    if (function.rebuild == RebuildTensorV3) {
        const Object* const element = objectOf(values[arguments.items[6]]);
        if (!element || element->kind != Kind::ElementType)
            refuse("makes a tensor without telling the type of its elements");
        if (element->isUnsupported)
            refuse("has a tensor of the type " + inQuotes(element->name) +
                       ", which this program does not read",
                   Error::Code::Unsupported);
        type = element->type;
    } else if (storage->isBytes) {
        refuse("makes a tensor of bytes without telling the type of its elements");
    }
    Object made;
    made.kind = Kind::Made;
    made.name = "tensor";
    made.tensor = makeTensor(values, Object(*storage), type, arguments);
    return add(std::move(made));
}

int64_t TorchRules::sizeAt(const PickleValues& values, const PickleValue& list, size_t index,
                           const char* what) const
{
    const PickleValue& value = values[list.items[index]];
    if (value.kind != ValueKind::Integer || value.number < 0)
        refuse(
            std::string("has a tensor with ") + what + " of " +
            (value.kind == ValueKind::Integer ? std::to_string(value.number) : nameOf(value.kind)) +
            ", expected a whole number from 0");
    return value.number;
}

/// Checks that every element lies in the storage.
TorchTensor TorchRules::makeTensor(const PickleValues& values, const Object& storage, DType type,
                                   const PickleValue& arguments) const
{
    const PickleValue &sizes = values[arguments.items[2]], &strides = values[arguments.items[3]];
    if (sizes.kind != ValueKind::Tuple || strides.kind != ValueKind::Tuple)
        refuse("has a tensor whose shape or strides are no tuple");
    if (sizes.items.size() != strides.items.size())
        refuse("has a tensor with " + std::to_string(sizes.items.size()) + " dimensions, but " +
               std::to_string(strides.items.size()) + " strides");
    if (sizes.items.size() > Shape::maxRank)
        refuse("has a tensor of " + std::to_string(sizes.items.size()) +
               " dimensions, the limit is " + std::to_string(Shape::maxRank));
    const int64_t offset = sizeAt(values, arguments, 1, "an offset");
    const auto numel = static_cast<int64_t>(storage.bytes.size()) / sizeOf(type);
    TorchTensor result;
    result.type = type;
    result.isSwapped = m_isSwapped && sizeOf(type) > 1;
    int64_t count = 1, last = offset;
    bool overflows = false;
    for (size_t i = 0; i < sizes.items.size(); ++i) {
        const int64_t size = sizeAt(values, sizes, i, "a dimension");
        const int64_t stride = sizeAt(values, strides, i, "a stride");
        result.shape.append(size);
        result.strides[i] = size > 1 ? stride : 0; // of one element it may be anything
        int64_t step = 0;
        overflows = overflows || __builtin_mul_overflow(count, size, &count) ||
                    __builtin_mul_overflow(std::max<int64_t>(size, 1) - 1, stride, &step) ||
                    __builtin_add_overflow(last, step, &last);
    }
    int64_t bytes = 0;
    if (overflows || __builtin_mul_overflow(count, sizeOf(type), &bytes))
        refuse("has a tensor " + result.shape.text() + " with impossibly large strides or shape");
    if (offset > numel || (count > 0 && last >= numel))
        refuse("has a tensor " + result.shape.text() + " whose element " + std::to_string(last) +
               " lies outside of storage " + inQuotes(storage.name) + " of " +
               std::to_string(numel) + " elements");
    if (count > numel && count > largestExpanded)
        refuse("has a tensor " + result.shape.text() + " of more elements than its storage " +
               inQuotes(storage.name) + " has, beyond the limit of " +
               std::to_string(largestExpanded));
    result.first = storage.bytes.data() + (count > 0 ? offset * sizeOf(type) : 0);
    return result;
}

} // namespace argali
