#include "gui/remote/keykeeper.h"

#include <utility>

namespace argali::gui {
namespace {

void answer(QObject* context, const KeyKeeper::Callback& callback, const KeyKeeper::Answer& said)
{
    QMetaObject::invokeMethod(
        context, [callback, said] { callback(said); }, Qt::QueuedConnection);
}

} // namespace

void MemoryKeys::read(const QString& id, QObject* context, Callback callback)
{
    const auto found = m_keys.constFind(id);
    answer(context, callback,
           found == m_keys.constEnd() ? Answer{Outcome::None, {}, {}}
                                      : Answer{Outcome::Done, *found, {}});
}

void MemoryKeys::write(const QString& id, const remote::Secret& key, QObject* context,
                       Callback callback)
{
    m_keys.insert(id, key);
    answer(context, callback, {Outcome::Memory, {}, {}});
}

void MemoryKeys::remove(const QString& id, QObject* context, Callback callback)
{
    answer(context, callback, {m_keys.remove(id) > 0 ? Outcome::Done : Outcome::None, {}, {}});
}

} // namespace argali::gui
