#pragma once

#include <functional>
#include <list>
#include <map>
#include <stop_token>
#include <string>
#include <vector>

#include "engine/engine.h"
#include "engine/remote/remoteconversation.h"

namespace argali::gui {

/// How media is made ready for a server.
struct SendingRules {
    bool originals = false; ///< pictures in their own size; an upright JPEG goes as it is
    /// Of a picture or frame that is sent; larger ones are made smaller. Ovis2.5 uses no more, and
    /// of our families none uses as much.
    qint64 maxPixels = 1792 * 1792;
    bool filmAsFile = false; ///< a film is sent whole where its file is not too large
    bool operator==(const SendingRules&) const = default;
};

/// Makes the bytes of a request's pictures and films. The same picture is always the same bytes, in
/// every turn and after every start, by which servers know what they have computed already.
/// Pictures stand upright and carry nothing of their files besides the pixels, such as the place
/// where they were taken; only an original JPEG does. Thread: one at a time.
class RemoteMedia final {
public:
    static constexpr qint64 largestFilm = qint64(512) << 20; ///< bytes of a film that is sent whole

    /// The conversation as it is sent. Nothing once stopped.
    /// progress: pictures and frames that are ready, of all
    /// Throws: Error::Code::Missing, BadMedia, Unsupported, BadRequest, OutOfMemory
    std::vector<remote::RemoteMessage> messages(const ChatRequest& request,
                                                const SendingRules& rules, std::stop_token stop,
                                                const ProgressSink& progress);

private:
    struct Kept {
        remote::RemotePicture picture;
        std::list<std::string>::iterator use;
    };
    struct Work;

    remote::RemotePicture picture(const PictureSource& source, Work& work);
    remote::RemoteFilm film(const FilmSource& source, Work& work);
    remote::RemotePicture kept(const std::string& key,
                               const std::function<remote::RemotePicture()>& make);

    std::map<std::string, Kept> m_kept;
    std::list<std::string> m_uses; ///< most recent first
    qint64 m_keptBytes = 0;
};

} // namespace argali::gui
