#pragma once

#include <functional>
#include <map>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "engine/checkpoint/pickle.h"
#include "engine/checkpoint/torchfile.h"
#include "engine/error.h"

namespace argali {

/// The bytes of a storage by its key. Throws: Error::Code::BadModel when there is none
using StorageFinder = std::function<std::span<std::byte>(std::string_view key)>;

/// The names that a torch checkpoint may use, and what becomes of them.
/// Source: torch/_utils.py, the functions _rebuild_*
class TorchRules final : public PickleRules {
public:
    TorchRules(std::string file, StorageFinder storages, bool isSwapped, ForeignObjects foreign)
        : m_file(std::move(file)),
          m_storages(std::move(storages)),
          m_isSwapped(isSwapped),
          m_foreign(foreign)
    {
    }

    int64_t global(std::string_view module, std::string_view name) override;
    PickleValue call(const PickleValues& values, const PickleValue& callable,
                     const PickleValue& arguments) override;
    PickleValue persistent(const PickleValues& values, const PickleValue& key) override;
    void state(const PickleValue& object, const PickleValue& attributes) override;
    bool swallows(const PickleValue& object) const override;

    /// The tensor that an object is; null when it is something else.
    const TorchTensor* tensorOf(const PickleValue& value) const;
    /// The name of the class that an object is of; null when it is one that is known.
    const std::string* foreignName(const PickleValue& value) const;

private:
    enum class Kind {
        OrderedMap, ///< the class
        Rebuild,    ///< one of torch's functions; number says which
        SizeClass,
        DeviceClass,
        ParameterClass,
        StorageClass, ///< type, unless it is of bytes
        ElementType,  ///< type
        Storage,      ///< type and bytes
        Made,         ///< a tensor
        Plain,        ///< something without a meaning for us
        Foreign       ///< a class or object that is not known
    };
    struct Object {
        Kind kind = Kind::Plain;
        DType type = DType::F32;
        bool isBytes = false;       ///< of StorageClass and Storage: elements are of no type
        bool isUnsupported = false; ///< of StorageClass and ElementType
        int rebuild = 0;
        std::span<std::byte> bytes; ///< of Storage
        TorchTensor tensor;         ///< of Made
        std::string name;           ///< for messages
    };

    [[noreturn]] void refuse(const std::string& what,
                             Error::Code code = Error::Code::BadModel) const;
    Object lookUp(std::string_view module, std::string_view name) const;
    const Object* objectOf(const PickleValue& value) const;
    PickleValue add(Object&& object);
    PickleValue rebuild(const PickleValues& values, const Object& function,
                        const PickleValue& arguments);
    TorchTensor makeTensor(const PickleValues& values, const Object& storage, DType type,
                           const PickleValue& arguments) const;
    int64_t sizeAt(const PickleValues& values, const PickleValue& list, size_t index,
                   const char* what) const;

    const std::string m_file;
    const StorageFinder m_storages;
    const bool m_isSwapped;
    const ForeignObjects m_foreign;
    std::vector<Object> m_objects;
    std::map<std::string, int64_t, std::less<>> m_globals;
};

} // namespace argali
