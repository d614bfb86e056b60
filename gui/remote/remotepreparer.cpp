#include "gui/remote/remotepreparer.h"

#include <atomic>

#include "engine/log.h"

namespace argali::gui {

quint64 nextRequestNumber()
{
    static std::atomic<quint64> number = 0;
    return ++number;
}

void RemotePreparer::prepare(quint64 number, const ChatRequest& request, const SendingRules& rules,
                             std::stop_token stop)
{
    if (stop.stop_requested())
        return;
    try {
        auto messages = std::make_shared<const std::vector<remote::RemoteMessage>>(
            m_media.messages(request, rules, stop, [this, number](const Progress& progress) {
                emit progressed(number, progress);
            }));
        if (!stop.stop_requested())
            emit prepared(number, messages);
    } catch (const std::exception& e) {
        log(LogLevel::Warning,
            std::string("a question cannot be made ready to be sent: ") + e.what());
        emit failed(number, Failure::from(e));
    }
}

void RemotePreparer::write(quint64 number, const SharedMessages& messages,
                           const remote::RemoteOptions& options, remote::Dialect dialect,
                           const remote::RequestParts& refused)
{
    try {
        // Ollama's own API turns thinking off for every model; its copy of OpenAI's does not.
        const bool isNative = dialect == remote::Dialect::Ollama;
        emit written(number,
                     std::make_shared<const remote::RequestBody>(
                         isNative ? remote::ollamaBody(*messages, options, refused)
                                  : remote::chatBody(*messages, options, dialect, refused)));
    } catch (const std::exception& e) {
        log(LogLevel::Warning,
            std::string("a question cannot be written for its server: ") + e.what());
        emit failed(number, Failure::from(e));
    }
}

} // namespace argali::gui
