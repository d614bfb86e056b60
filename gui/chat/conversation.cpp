#include "gui/chat/conversation.h"

#include <algorithm>

#include <QFile>
#include <QLocale>

#include "gui/film/keyframeset.h"

namespace argali::gui {
namespace {

std::filesystem::path nativePath(const QString& path)
{
    return std::filesystem::path(QFile::encodeName(path).toStdString());
}

ContentItem textItem(const QString& text)
{
    ContentItem item;
    item.text = text.toStdString();
    return item;
}

/// The times of a film's frames, for a model that sees only pictures.
QString timesOf(const MediaFile& film)
{
    QStringList times;
    for (const double seconds : KeyFrameSet::of(film).times())
        times.append(timeText(seconds, true));
    //: a line of the prompt; %1 is a list of times, "00:00.0, 00:01.5"
    return Turn::tr("The frames of the film were taken at %1.")
        .arg(times.join(QStringLiteral(", ")));
}

Message questionMessage(const QString& text, const QList<MediaFile>& media, bool tellTimes)
{
    Message message;
    for (const MediaFile& file : media) {
        ContentItem item;
        if (file.isFilm()) {
            item.type = ContentItem::Type::Film;
            item.film.path = nativePath(file.path);
            item.film.frameCount = file.frames;
            if (file.frameCount > 0) // the very frames that were shown
                item.film.times = KeyFrameSet::of(file).times();
        } else {
            item.type = ContentItem::Type::Picture;
            item.picture.path = nativePath(file.path);
        }
        message.content.push_back(std::move(item));
    }
    for (const MediaFile& file : media) {
        if (tellTimes && file.isFilm() && file.frameCount > 0)
            message.content.push_back(textItem(timesOf(file)));
    }
    message.content.push_back(textItem(text));
    return message;
}

} // namespace

QString Answer::statistics() const
{
    if (state != State::Finished || usage.completionTokens == 0)
        return {};
    const QLocale locale;
    QStringList parts{tr("%Ln token(s)", nullptr, int(usage.completionTokens))};
    if (timings.decodeTokensPerSecond > 0)
        parts << tr("%1 tok/s")
                     .arg(locale.toString(timings.decodeTokensPerSecond, 'f',
                                          timings.decodeTokensPerSecond < 10 ? 1 : 0));
    if (timings.firstToken.count() > 0)
        parts << tr("first word %1 s")
                     .arg(locale.toString(timings.firstToken.count() / 1000, 'f', 2));
    return parts.join(QStringLiteral(" · "));
}

QString Answer::note() const
{
    if (state != State::Finished)
        return {};
    if (finishReason == FinishReason::Cancelled)
        return tr("Stopped.");
    if (contextReached)
        return tr("The context is full here.");
    if (finishReason == FinishReason::Length)
        return isBlank()
                   ? tr("The longest answer was reached before the answer began. Raise it, or "
                        "lower the thinking budget.")
                   : tr("The longest answer was reached here.");
    return {};
}

QString Turn::source() const
{
    if (media.isEmpty())
        return {};
    if (!media.first().isFilm())
        return media.size() == 1 ? tr("from this picture")
                                 : tr("from %Ln picture(s)", nullptr, int(media.size()));
    const MediaFile& film = media.first();
    if (film.frames == 0)
        return tr("from this film");
    return tr("from %Ln frame(s)", nullptr, film.frames);
}

QString Conversation::title() const
{
    if (m_turns.empty())
        return {};
    const Turn& first = m_turns.front();
    const QString line = first.question.simplified();
    if (line.isEmpty() && !first.media.isEmpty())
        return first.media.first().name();
    return line.left(120);
}

std::optional<MediaFile::Kind> Conversation::firstMedia() const
{
    if (m_turns.empty() || m_turns.front().media.isEmpty())
        return std::nullopt;
    return m_turns.front().media.first().kind;
}

Turn* Conversation::find(quint64 id)
{
    return const_cast<Turn*>(std::as_const(*this).find(id));
}

const Turn* Conversation::find(quint64 id) const
{
    const auto it =
        std::find_if(m_turns.begin(), m_turns.end(), [&](const Turn& t) { return t.id == id; });
    return it == m_turns.end() ? nullptr : &*it;
}

Turn& Conversation::append(Turn turn)
{
    m_turns.push_back(std::move(turn));
    return m_turns.back();
}

void Conversation::removeFrom(quint64 id)
{
    const auto it =
        std::find_if(m_turns.begin(), m_turns.end(), [&](const Turn& t) { return t.id == id; });
    m_turns.erase(it, m_turns.end());
}

std::unique_ptr<Conversation> Conversation::forkBefore(quint64 id) const
{
    auto fork = std::make_unique<Conversation>();
    for (const Turn& turn : m_turns) {
        if (turn.id == id)
            break;
        fork->m_turns.push_back(turn);
    }
    return fork;
}

ChatRequest makeRequest(const Conversation& conversation, const Draft& question,
                        const AnswerOptions& options)
{
    ChatRequest request;
    if (!options.systemPrompt.trimmed().isEmpty()) {
        Message system;
        system.role = Message::Role::System;
        system.content.push_back(textItem(options.systemPrompt));
        request.messages.push_back(std::move(system));
    }
    for (const Turn& turn : conversation.turns()) {
        if (turn.answer.isRunning() || turn.answer.isBlank())
            continue;
        request.messages.push_back(
            questionMessage(turn.question, turn.media, turn.options.tellTimes));
        Message answer;
        answer.role = Message::Role::Assistant;
        answer.content.push_back(textItem(turn.answer.text));
        request.messages.push_back(std::move(answer));
    }
    request.messages.push_back(questionMessage(question.text, question.media, options.tellTimes));
    request.thinking = options.thinking;
    if (options.thinking)
        request.thinkingBudget = options.thinkingBudget;
    request.maxNewTokens = options.longestAnswer;
    request.sampling = options.sampling;
    return request;
}

ConversationBook::ConversationBook(QObject* parent) : QObject(parent)
{
    m_conversations.push_back(std::make_unique<Conversation>());
    m_current = m_conversations.front().get();
}

int ConversationBook::indexOf(const Conversation& conversation) const
{
    const auto it = std::find_if(m_conversations.begin(), m_conversations.end(),
                                 [&](const auto& c) { return c.get() == &conversation; });
    return it == m_conversations.end() ? -1 : int(it - m_conversations.begin());
}

Conversation* ConversationBook::holding(quint64 turn) const
{
    for (const auto& conversation : m_conversations) {
        if (conversation->find(turn))
            return conversation.get();
    }
    return nullptr;
}

void ConversationBook::startNew()
{
    // The draft of an unsent chat stays in its chat, so an empty one is only used again when
    // nothing was written there.
    for (const auto& conversation : m_conversations) {
        if (conversation->isEmpty() && conversation->draft.isEmpty() &&
            conversation.get() != m_current) {
            open(indexOf(*conversation));
            return;
        }
    }
    add(std::make_unique<Conversation>());
}

void ConversationBook::add(std::unique_ptr<Conversation> conversation)
{
    emit aboutToSwitch();
    m_conversations.insert(m_conversations.begin(), std::move(conversation));
    m_current = m_conversations.front().get();
    emit listChanged();
    emit switched();
}

void ConversationBook::open(int index)
{
    if (index < 0 || index >= count() || &at(index) == m_current)
        return;
    emit aboutToSwitch();
    m_current = &at(index);
    emit switched();
}

void ConversationBook::remove(int index)
{
    if (index < 0 || index >= count())
        return;
    if (&at(index) == m_current) {
        if (count() == 1)
            m_conversations.push_back(std::make_unique<Conversation>());
        m_current = m_conversations.at(size_t(index == 0 ? 1 : index - 1)).get();
        m_conversations.erase(m_conversations.begin() + index);
        emit listChanged();
        emit switched();
        return;
    }
    m_conversations.erase(m_conversations.begin() + index);
    emit listChanged();
}

} // namespace argali::gui
