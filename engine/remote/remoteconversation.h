#pragma once

#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <vector>

namespace argali::remote {

/// The bytes of a file, shared by the turns that send it.
using SharedBytes = std::shared_ptr<const std::string>;

/// A picture as it is sent: the same bytes in every turn, so that servers know it again.
struct RemotePicture {
    SharedBytes bytes;
    std::string mime; ///< "image/jpeg"
};

/// A film as its chosen frames, and as a file where that is wanted.
struct RemoteFilm {
    struct Frame {
        double seconds = 0;
        RemotePicture picture;
    };
    std::vector<Frame> frames;
    SharedBytes file; ///< null: only the frames can be sent
    std::string mime; ///< of the file, "video/mp4"
};

/// One piece of a message, in order.
struct RemoteItem {
    enum class Type { Text, Picture, Film };
    Type type = Type::Text;
    std::string text; ///< UTF-8
    RemotePicture picture;
    RemoteFilm film;
};

/// One message. The thinking of earlier turns has no place in it: models are not trained to see it.
struct RemoteMessage {
    enum class Role { System, User, Assistant };
    Role role = Role::User;
    std::vector<RemoteItem> content;
};

/// What an answer is to go on from, where a server can do that.
struct Continuation {
    std::string thinking;
    bool thinkingIsOver = false; ///< the block is closed, the answer comes next
    std::string text;            ///< of the answer
};

/// How the answer is to come about; what is not given is the server's affair.
struct RemoteOptions {
    enum class Thinking { AsServer, Off, On };
    enum class FilmForm { Frames, File };

    std::string model;
    bool stream = true;
    std::optional<int64_t> maxTokens; ///< thinking and answer
    Thinking thinking = Thinking::AsServer;
    std::string effort;                    ///< "low", "medium", ...: for servers that have levels
    std::optional<int64_t> thinkingBudget; ///< tokens
    std::optional<double> temperature;
    std::optional<double> topP;
    std::optional<int64_t> topK;
    std::optional<double> minP;
    std::optional<double> repetitionPenalty;
    std::optional<int64_t> seed; ///< from 0
    std::vector<std::string> stop;
    std::optional<int64_t> minPixels; ///< of each picture
    std::optional<int64_t> maxPixels;
    FilmForm filmForm = FilmForm::Frames;
    std::optional<int64_t> filmFrames;    ///< that the server takes from a file
    std::optional<double> filmRate;       ///< frames per second that it takes from a file
    std::optional<int64_t> tilesPerFrame; ///< InternVL's tiles for each key frame
    std::optional<Continuation> continuation;
};

} // namespace argali::remote
