#include "gui/exchange/htmlexport.h"

#include <QBuffer>
#include <QCryptographicHash>
#include <QFile>
#include <QLocale>
#include <QSet>

#include "engine/media/mediareader.h"
#include "gui/chat/markdownblocks.h"
#include "gui/exchange/htmlnodes.h"
#include "gui/exchange/regularfile.h"
#include "gui/exchange/turnwords.h"

namespace argali::gui {
namespace {

struct HtmlWords {
    Q_DECLARE_TR_FUNCTIONS(argali::gui::HtmlExport)
};

constexpr qint64 mostOriginalPixels = 24'000'000; // larger ones are slow in a browser

QString escaped(const QString& text)
{
    return text.toHtmlEscaped();
}

QByteArray styleSheet()
{
    QFile file(QStringLiteral(":/exchange/export.css"));
    if (!file.open(QIODevice::ReadOnly))
        qFatal("the program lacks its file export.css");
    QByteArray style = file.readAll();
    return style.replace("</", "");
}

QString dataAddress(const char* type, const QByteArray& bytes)
{
    return QStringLiteral("data:image/%1;base64,%2")
        .arg(QLatin1String(type), QString::fromLatin1(bytes.toBase64()));
}

QByteArray jpeg(const QImage& image)
{
    QByteArray bytes;
    QBuffer buffer(&bytes);
    if (!image.isNull() && buffer.open(QIODevice::WriteOnly))
        image.save(&buffer, "JPEG", 85);
    return bytes;
}

/// A picture of at most longestEdge, through the reader with its limits.
QByteArray scaledDown(const std::filesystem::path& path, const std::stop_token& stop)
{
    const Image image = readPicture(path, Orientation::Upright, stop);
    if (image.isEmpty())
        return {};
    const QImage view(image.pixels().data(), image.width(), image.height(), 3 * image.width(),
                      QImage::Format_RGB888);
    const int edge = HtmlExport::longestEdge;
    if (view.width() <= edge && view.height() <= edge)
        return jpeg(view);
    return jpeg(view.scaled(edge, edge, Qt::KeepAspectRatio, Qt::SmoothTransformation));
}

/// The type of a picture that every browser shows, when it may go into the page as it is.
const char* typeAsItIs(const MediaInfo& info, qint64 bytes)
{
    if (bytes > HtmlExport::largestPicture ||
        int64_t(info.size.width) * info.size.height > mostOriginalPixels)
        return nullptr;
    for (const char* type : {"jpeg", "png", "gif", "webp"}) {
        if (info.format == type)
            return type;
    }
    return nullptr;
}

QString pictureAddress(const QString& path, const std::stop_token& stop)
{
    QFile file;
    if (!openRegular(file, path, Links::Follow))
        return {};
    const std::filesystem::path native(QFile::encodeName(path).toStdString());
    try {
        const MediaInfo info = probeMedia(native);
        if (info.kind != MediaInfo::Kind::Picture)
            return {};
        if (const char* type = typeAsItIs(info, file.size()))
            return dataAddress(type, file.read(HtmlExport::largestPicture));
        const QByteArray bytes = scaledDown(native, stop);
        return bytes.isEmpty() ? QString() : dataAddress("jpeg", bytes);
    } catch (const std::exception&) { // gone or broken since it was sent; its thumbnail is there
        return {};
    }
}

std::vector<std::vector<MarkdownNode>> blocksOf(const QString& text)
{
    MarkdownBlocks blocks;
    blocks.append(text);
    blocks.finish();
    std::vector<std::vector<MarkdownNode>> rendered;
    for (size_t i = 0; i < blocks.finishedCount(); ++i)
        rendered.push_back(renderMarkdown(blocks.finished(i)));
    return rendered;
}

QString line(const char* kind, const QString& text)
{
    return text.isEmpty()
               ? QString()
               : QStringLiteral("<p class=\"%1\">%2</p>\n").arg(QLatin1String(kind), escaped(text));
}

QString pageHead(const QString& title)
{
    const QByteArray style = styleSheet();
    const QByteArray sum = QCryptographicHash::hash(style, QCryptographicHash::Sha256).toBase64();
    return QStringLiteral(
               "<!doctype html>\n<html lang=\"%1\">\n<head>\n<meta charset=\"utf-8\">\n"
               "<meta http-equiv=\"Content-Security-Policy\" content=\"default-src 'none'; "
               "style-src 'sha256-%2'; img-src data:; base-uri 'none'; form-action 'none'\">\n"
               "<meta name=\"referrer\" content=\"no-referrer\">\n"
               "<meta name=\"viewport\" content=\"width=device-width\">\n"
               "<title>")
               .arg(QLocale().bcp47Name(), QString::fromLatin1(sum)) +
           escaped(title) + QStringLiteral("</title>\n<style>") + QString::fromUtf8(style) +
           QStringLiteral("</style>\n</head>\n<body>\n<main>\n");
}

} // namespace

bool HtmlExport::write(QIODevice& out, const ExchangedChat& chat)
{
    Conversation conversation(chat.head);
    conversation.fill(chat.turns, chat.chosen);
    const QString title = conversation.title();
    QString page = pageHead(title) + QStringLiteral("<h1>%1</h1>\n").arg(escaped(title));
    page +=
        line("about",
             HtmlWords::tr("Chat of %1, exported from Argali").arg(dateWords(chat.head.created)));
    const QStringList models = modelsOf(conversation.turns());
    if (!models.isEmpty())
        page += line("about", HtmlWords::tr("Model: %1").arg(models.join(QStringLiteral(", "))));
    page +=
        line("about", HtmlWords::tr("%Ln question(s)", nullptr, int(conversation.turns().size())));
    if (conversation.turns().size() < chat.turns.size())
        page += line("about", branchWords());
    for (const Turn& each : conversation.turns()) {
        const QByteArray bytes = page.toUtf8();
        if (m_stop.stop_requested())
            return true;
        if (out.write(bytes) != bytes.size())
            return false;
        page = turn(each);
    }
    const QByteArray bytes = (page + QStringLiteral("</main>\n</body>\n</html>\n")).toUtf8();
    return out.write(bytes) == bytes.size();
}

QString HtmlExport::turn(const Turn& turn)
{
    QString out = QStringLiteral("<section>\n<div class=\"question\">\n");
    for (const MediaFile& file : turn.media)
        out += medium(file);
    if (!turn.question.isEmpty())
        out += QStringLiteral("<div class=\"words\">%1</div>\n").arg(escaped(turn.question));
    out += line("about", dateWords(turn.created)) +
           QStringLiteral("</div>\n<div class=\"answer\">\n") + line("about", answerWords(turn));
    if (m_options.thinking && !turn.answer.thinking.isEmpty())
        out += QStringLiteral("<details><summary>%1</summary>\n%2</details>\n")
                   .arg(escaped(thinkingWords(turn.answer)), markdown(turn.answer.thinking));
    return out + markdown(turn.answer.text) + line("note", endWords(turn)) +
           QStringLiteral("</div>\n</section>\n");
}

QString HtmlExport::markdown(const QString& text) const
{
    QString out;
    for (const auto& block : blocksOf(text)) {
        if (m_stop.stop_requested())
            break;
        out += toHtml(block, m_formulas) + QLatin1Char('\n');
    }
    return out;
}

QString HtmlExport::medium(const MediaFile& file)
{
    const QString address = picture(file);
    QString out = QStringLiteral("<figure>");
    if (!address.isEmpty())
        out += QStringLiteral("<img alt=\"%1\" src=\"%2\">").arg(escaped(file.name()), address);
    QStringList words{file.name(), file.badge(), frameWords(file)};
    words.removeAll(QString());
    return out + QStringLiteral("<figcaption>%1</figcaption></figure>\n")
                     .arg(escaped(words.join(QStringLiteral(" · "))));
}

/// The address of what is shown of a picture or film; empty when nothing is left of it.
QString HtmlExport::picture(const MediaFile& file)
{
    QString address;
    if (!file.isFilm() && m_bytes < mostPictures) {
        address = pictureAddress(file.path, m_stop);
        m_missing += address.isEmpty() && !m_stop.stop_requested() ? 1 : 0;
    }
    if (address.isEmpty()) {
        const QByteArray thumbnail = jpeg(file.thumbnail);
        if (!thumbnail.isEmpty())
            address = dataAddress("jpeg", thumbnail);
    }
    m_bytes += address.size() / 4 * 3;
    return address;
}

QList<Formula> formulasOf(const ExchangedChat& chat, const ExportOptions& options,
                          const std::stop_token& stop)
{
    Conversation conversation(chat.head);
    conversation.fill(chat.turns, chat.chosen);
    QList<Formula> all;
    for (const Turn& turn : conversation.turns()) {
        if (stop.stop_requested())
            break;
        for (const auto& block : blocksOf(turn.answer.text))
            collectFormulas(block, all);
        if (!options.thinking)
            continue;
        for (const auto& block : blocksOf(turn.answer.thinking))
            collectFormulas(block, all);
    }
    QSet<Formula> seen;
    QList<Formula> once;
    for (const Formula& formula : all) {
        if (!seen.contains(formula)) {
            seen.insert(formula);
            once.append(formula);
        }
    }
    return once;
}

} // namespace argali::gui
