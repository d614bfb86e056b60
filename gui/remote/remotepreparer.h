#pragma once

#include <memory>
#include <stop_token>
#include <vector>

#include <QObject>

#include "engine/remote/requestbody.h"
#include "gui/failure.h"
#include "gui/remote/remotemedia.h"

namespace argali::gui {

/// A conversation with the bytes of its media, shared by the tries to send it.
using SharedMessages = std::shared_ptr<const std::vector<remote::RemoteMessage>>;

/// Numbers for the calls of RemotePreparer, each given once in this program.
quint64 nextRequestNumber();

/// Makes requests ready away from the GUI thread: reads, resizes and encodes media, and writes the
/// bodies, which may be of many megabytes.
/// Thread: its own; the signals are received elsewhere through queued connections.
class RemotePreparer final : public QObject {
    Q_OBJECT
public:
    RemotePreparer() = default;

    /// One of prepared() and failed() follows, neither once stopped.
    void prepare(quint64 number, const ChatRequest& request, const SendingRules& rules,
                 std::stop_token stop);
    /// The body in the words of that server; written() or failed() follows.
    void write(quint64 number, const SharedMessages& messages, const remote::RemoteOptions& options,
               remote::Dialect dialect, const remote::RequestParts& refused);

signals:
    void progressed(quint64 number, const argali::Progress& progress);
    void prepared(quint64 number, const argali::gui::SharedMessages& messages);
    void written(quint64 number, const std::shared_ptr<const argali::remote::RequestBody>& body);
    void failed(quint64 number, const argali::gui::Failure& failure);

private:
    RemoteMedia m_media;
};

} // namespace argali::gui

Q_DECLARE_METATYPE(argali::gui::SharedMessages)
Q_DECLARE_METATYPE(std::shared_ptr<const argali::remote::RequestBody>)
