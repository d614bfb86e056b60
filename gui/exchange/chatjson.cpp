#include "gui/exchange/chatjson.h"

#include <QBuffer>
#include <QHash>
#include <QJsonArray>
#include <QJsonDocument>
#include <QJsonObject>

#include "gui/exchange/exportwriter.h"
#include "gui/exchange/mediafolder.h"
#include "gui/history/turnjson.h"

namespace argali::gui {
namespace {

struct JsonWords {
    Q_DECLARE_TR_FUNCTIONS(argali::gui::ChatJson)
};

constexpr qint64 mostThumbnails = 16 << 20; // bytes of base64 in one file

QString stateName(const Answer& answer)
{
    if (answer.state == Answer::State::Failed)
        return QStringLiteral("failed");
    return answer.interrupted || answer.isRunning() ? QStringLiteral("interrupted")
                                                    : QStringLiteral("finished");
}

QString thumbnailOf(const MediaFile& file)
{
    QByteArray bytes;
    QBuffer buffer(&bytes);
    if (!file.thumbnail.isNull() && buffer.open(QIODevice::WriteOnly))
        file.thumbnail.save(&buffer, "JPEG", 85);
    return QString::fromLatin1(bytes.toBase64());
}

/// Writes one chat.
class Writer final {
public:
    Writer(const ExportOptions& options, MediaFolder& media, const QString& mediaName)
        : m_options(options), m_media(media), m_mediaName(mediaName)
    {
    }

    QJsonObject turn(const Turn& turn, bool shown)
    {
        m_numbers.insert(turn.id, int(m_numbers.size()) + 1);
        QJsonObject o{{QStringLiteral("id"), m_numbers.value(turn.id)},
                      {QStringLiteral("parent"), m_numbers.value(turn.parent)},
                      {QStringLiteral("shown"), shown},
                      {QStringLiteral("created"), turn.created},
                      {QStringLiteral("state"), stateName(turn.answer)},
                      {QStringLiteral("model"), turn.answerer()},
                      {QStringLiteral("question"), turn.question},
                      {QStringLiteral("answer"), turn.answer.text},
                      {QStringLiteral("details"), turnDetails(turn, m_options.thinking)}};
        if (m_options.thinking && !turn.answer.thinking.isEmpty())
            o.insert(QStringLiteral("thinking"), turn.answer.thinking);
        QJsonArray media;
        for (const MediaFile& file : turn.media)
            media.append(medium(file));
        if (!media.isEmpty())
            o.insert(QStringLiteral("media"), media);
        return o;
    }

private:
    QJsonObject medium(const MediaFile& file)
    {
        const MediaFolder::Copy& copy = m_media.add(file);
        QJsonObject o{{QStringLiteral("name"), file.name()},
                      {QStringLiteral("file"), copy.name.isEmpty()
                                                   ? QString()
                                                   : m_mediaName + QLatin1Char('/') + copy.name},
                      {QStringLiteral("sha256"), copy.sha256},
                      {QStringLiteral("details"), mediaDetails(file)}};
        if (const QString thumbnail = thumbnailOf(file);
            !thumbnail.isEmpty() && m_thumbnails + thumbnail.size() <= mostThumbnails) {
            m_thumbnails += thumbnail.size();
            o.insert(QStringLiteral("thumbnail"), thumbnail);
        }
        return o;
    }

    const ExportOptions& m_options;
    MediaFolder& m_media;
    const QString& m_mediaName;
    QHash<quint64, int> m_numbers; ///< of the turns, in the file
    qint64 m_thumbnails = 0;
};

} // namespace

QByteArray toJson(const ExchangedChat& chat, const ExportOptions& options, MediaFolder& media,
                  const QString& mediaName, const std::stop_token& stop)
{
    Conversation conversation(chat.head);
    conversation.fill(chat.turns, chat.chosen);
    Writer writer(options, media, mediaName);
    const std::set<quint64> chosen = chosenTurns(conversation);
    QJsonArray turns;
    for (const Turn* turn : conversation.allTurns()) {
        if (stop.stop_requested())
            return {};
        turns.append(writer.turn(*turn, chosen.contains(turn->id)));
    }
    const QJsonObject whole{{QStringLiteral("format"), QStringLiteral("argali-chat")},
                            {QStringLiteral("version"), chatjson::version},
                            {QStringLiteral("title"), chat.head.title},
                            {QStringLiteral("folder"), chat.folder},
                            {QStringLiteral("pinned"), chat.head.pinned},
                            {QStringLiteral("created"), chat.head.created},
                            {QStringLiteral("changed"), chat.head.changed},
                            {QStringLiteral("turns"), turns}};
    QByteArray bytes = QJsonDocument(whole).toJson();
    if (bytes.size() > chatjson::largestFile || turns.size() > chatjson::mostTurns)
        throw ExportError(Failure::withSentence(
            Error::Code::Unsupported,
            JsonWords::tr(
                "“%1” is larger than a file can be that Argali imports again. Export it as "
                "Markdown or as a page.")
                .arg(conversation.title()),
            QStringLiteral("%1 bytes, %2 turns").arg(bytes.size()).arg(turns.size())));
    return bytes;
}

} // namespace argali::gui
