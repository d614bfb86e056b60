#pragma once

#include <array>
#include <string>
#include <string_view>
#include <vector>

#include "engine/remote/jsonwriter.h"
#include "engine/remote/requestbody.h"

namespace argali::remote {

/// What servers call the roles, in their order.
inline constexpr std::array roleNames{"system", "user", "assistant"};

/// Writes one request for /v1/chat/completions.
class RequestWriter final {
public:
    RequestWriter(const std::vector<RemoteMessage>& messages, const RemoteOptions& options,
                  Dialect dialect, const RequestParts& refused);
    RequestBody write();

private:
    void writeMessage(const RemoteMessage& message);
    void writePart(const RemoteItem& item);
    void writeText(std::string_view text);
    void writePicture(const RemotePicture& picture, bool isFrame);
    void writeFilm(const RemoteFilm& film);
    void writeContinuation();
    void writeLimit();
    void writeStreaming();
    void writeSampling();
    void writeThinking();
    void writeMediaOptions();
    bool takes(RequestPart part, bool dialectDoes);

    const std::vector<RemoteMessage>& m_messages;
    const RemoteOptions& m_options;
    const Dialect m_dialect;
    const DialectTraits& m_traits;
    const RequestParts& m_refused;
    JsonWriter m_out;
    RequestBody m_body;
};

/// Throws: Error::Code::BadRequest for messages that cannot be sent
void checkMessages(const std::vector<RemoteMessage>& messages);
/// About the bytes of the request, so that one allocation holds it.
size_t expectedSize(const std::vector<RemoteMessage>& messages);
/// The text with which the answer is to go on, thinking between its tags.
std::string continuedText(const Continuation& continuation);

} // namespace argali::remote
