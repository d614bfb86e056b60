#include "gui/chat/conversation.h"

#include <algorithm>

#include <QFile>
#include <QLocale>

#include "gui/displayname.h"
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
    QStringList parts{usage.isEstimate
                          ? tr("about %Ln token(s)", nullptr, int(usage.completionTokens))
                          : tr("%Ln token(s)", nullptr, int(usage.completionTokens))};
    if (timings.decodeTokensPerSecond > 0)
        parts << tr("%1 tok/s")
                     .arg(locale.toString(timings.decodeTokensPerSecond, 'f',
                                          timings.decodeTokensPerSecond < 10 ? 1 : 0));
    if (timings.firstToken.count() > 0)
        parts << tr("first word %1 s")
                     .arg(locale.toString(timings.firstToken.count() / 1000, 'f', 2));
    return parts.join(QStringLiteral(" · "));
}

QString Answer::note(const AnswerOptions& asked) const
{
    if (state != State::Finished)
        return {};
    if (interrupted)
        return tr("Interrupted: Argali was closed while it was answering.");
    if (finishReason == FinishReason::Cancelled)
        return tr("Stopped.");
    if (contextReached)
        return tr("The context is full here.");
    if (finishReason != FinishReason::Length)
        return {};
    if (!isBlank())
        return tr("The longest answer was reached here.");
    if (!asked.thinking)
        return tr("The longest answer was reached before the answer began. Raise it.");
    if (!asked.hasBudget)
        return tr("The longest answer was reached before the answer began. Raise it, or switch "
                  "the thinking budget on.");
    return tr("The longest answer was reached before the answer began. Raise it, or lower the "
              "thinking budget.");
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

QString Turn::answerer() const
{
    //: a model and its adapter, "Llava-7B + birds"
    return options.adapter.isEmpty() ? model
                                     : tr("%1 + %2").arg(model, displayName(options.adapter));
}

QString Conversation::title() const
{
    if (!m_head.title.isEmpty())
        return m_head.title;
    if (m_turns.empty())
        return m_head.heading;
    const Turn& first = m_turns.front();
    const QString line = first.question.left(4096).simplified();
    if (line.isEmpty() && !first.media.isEmpty())
        return first.media.first().name();
    return line.left(120);
}

std::optional<MediaFile::Kind> Conversation::firstMedia() const
{
    if (m_turns.empty())
        return m_head.media;
    if (m_turns.front().media.isEmpty())
        return std::nullopt;
    return m_turns.front().media.first().kind;
}

void Conversation::fill(std::vector<Turn> turns, const std::vector<quint64>& chosen)
{
    m_loaded = true;
    m_turns.clear();
    m_hidden.clear();
    m_chosen.clear();
    std::sort(turns.begin(), turns.end(), [](const Turn& a, const Turn& b) { return a.id < b.id; });
    for (Turn& turn : turns) {
        // A parent is older than its child, so that there can be no circle.
        if (turn.parent >= turn.id || !m_hidden.contains(turn.parent))
            turn.parent = 0;
        m_hidden.insert_or_assign(turn.id, std::move(turn));
    }
    for (const quint64 id : chosen) {
        if (const auto it = m_hidden.find(id); it != m_hidden.end())
            m_chosen[it->second.parent] = id;
    }
    layPath();
    if (!options && !m_turns.empty())
        options = m_turns.back().options.held();
}

std::optional<AnswerSource> Conversation::source() const
{
    if (chosenSource || m_turns.empty())
        return chosenSource;
    return m_turns.back().answeredBy;
}

Turn* Conversation::find(quint64 id)
{
    return const_cast<Turn*>(std::as_const(*this).find(id));
}

const Turn* Conversation::find(quint64 id) const
{
    const auto it =
        std::find_if(m_turns.begin(), m_turns.end(), [&](const Turn& t) { return t.id == id; });
    if (it != m_turns.end())
        return &*it;
    const auto hidden = m_hidden.find(id);
    return hidden == m_hidden.end() ? nullptr : &hidden->second;
}

bool Conversation::isShown(quint64 id) const
{
    return std::any_of(m_turns.begin(), m_turns.end(), [&](const Turn& t) { return t.id == id; });
}

bool Conversation::isChosen(quint64 id) const
{
    const Turn* turn = find(id);
    if (!turn)
        return false;
    const auto it = m_chosen.find(turn->parent);
    return it != m_chosen.end() && it->second == id;
}

std::vector<const Turn*> Conversation::allTurns() const
{
    std::vector<const Turn*> all;
    for (const Turn& turn : m_turns)
        all.push_back(&turn);
    for (const auto& [id, turn] : m_hidden)
        all.push_back(&turn);
    std::sort(all.begin(), all.end(), [](const Turn* a, const Turn* b) { return a->id < b->id; });
    return all;
}

Turn& Conversation::append(Turn turn)
{
    turn.parent = m_turns.empty() ? 0 : m_turns.back().id;
    m_chosen[turn.parent] = turn.id;
    m_turns.push_back(std::move(turn));
    return m_turns.back();
}

void Conversation::hideFrom(quint64 id)
{
    const auto it =
        std::find_if(m_turns.begin(), m_turns.end(), [&](const Turn& t) { return t.id == id; });
    for (auto turn = it; turn != m_turns.end(); ++turn)
        m_hidden.insert_or_assign(turn->id, std::move(*turn));
    m_turns.erase(it, m_turns.end());
}

std::vector<quint64> Conversation::childrenOf(quint64 parent) const
{
    std::vector<quint64> children;
    for (const Turn& turn : m_turns) {
        if (turn.parent == parent)
            children.push_back(turn.id);
    }
    for (const auto& [id, turn] : m_hidden) {
        if (turn.parent == parent)
            children.push_back(id);
    }
    std::sort(children.begin(), children.end());
    return children;
}

std::vector<quint64> Conversation::siblingsOf(quint64 id) const
{
    const Turn* turn = find(id);
    return turn ? childrenOf(turn->parent) : std::vector<quint64>();
}

Conversation::Branch Conversation::branchOf(quint64 id) const
{
    const std::vector<quint64> all = siblingsOf(id);
    const auto it = std::find(all.begin(), all.end(), id);
    if (it == all.end())
        return {};
    return {int(it - all.begin()) + 1, int(all.size())};
}

quint64 Conversation::siblingOf(quint64 id, int step) const
{
    const std::vector<quint64> all = siblingsOf(id);
    const auto it = std::find(all.begin(), all.end(), id);
    if (it == all.end())
        return 0;
    const qint64 at = (it - all.begin()) + qint64(step);
    return at < 0 || at >= qint64(all.size()) || step == 0 ? 0 : all[size_t(at)];
}

bool Conversation::show(quint64 id)
{
    const Turn* turn = find(id);
    if (!turn)
        return false;
    for (quint64 at = id; turn; turn = at ? find(at) : nullptr) {
        m_chosen[turn->parent] = at;
        at = turn->parent;
    }
    layPath();
    return true;
}

/// Lays the path anew along the chosen children; where none is chosen the newest is.
void Conversation::layPath()
{
    for (Turn& turn : m_turns)
        m_hidden.insert_or_assign(turn.id, std::move(turn));
    m_turns.clear();
    std::map<quint64, quint64> newest; // of each parent
    for (const auto& [id, turn] : m_hidden)
        newest[turn.parent] = id; // in the order of their numbers
    for (quint64 at = 0; newest.contains(at);) {
        const auto chosen = m_chosen.find(at);
        const auto known =
            chosen == m_chosen.end() ? m_hidden.end() : m_hidden.find(chosen->second);
        const quint64 next =
            known != m_hidden.end() && known->second.parent == at ? known->first : newest[at];
        m_chosen[at] = next;
        const auto it = m_hidden.find(next);
        m_turns.push_back(std::move(it->second));
        m_hidden.erase(it);
        at = next;
    }
}

std::optional<Conversation::Removal> Conversation::remove(quint64 id)
{
    const Turn* turn = find(id);
    if (!turn)
        return std::nullopt;
    Removal removal{*turn, childrenOf(id), 0};
    const quint64 parent = turn->parent;
    if (const auto it = m_chosen.find(id); it != m_chosen.end())
        removal.chosen = it->second;
    const bool chosen = isChosen(id);
    const quint64 beside = siblingOf(id, -1) ? siblingOf(id, -1) : siblingOf(id, 1);
    for (const quint64 child : removal.children)
        find(child)->parent = parent;
    m_chosen.erase(id);
    if (chosen) {
        const quint64 next = removal.chosen ? removal.chosen : beside;
        if (next)
            m_chosen[parent] = next;
        else
            m_chosen.erase(parent);
    }
    std::erase_if(m_turns, [&](const Turn& t) { return t.id == id; });
    m_hidden.erase(id);
    layPath();
    return removal;
}

void Conversation::restore(const Removal& removal)
{
    m_hidden.insert_or_assign(removal.turn.id, removal.turn);
    for (const quint64 child : removal.children) {
        if (Turn* turn = find(child))
            turn->parent = removal.turn.id;
    }
    if (removal.chosen)
        m_chosen[removal.turn.id] = removal.chosen;
    show(removal.turn.id);
}

std::vector<quint64> Conversation::removeFrom(quint64 id)
{
    std::vector<quint64> gone;
    if (!find(id))
        return gone;
    gone.push_back(id);
    for (size_t i = 0; i < gone.size(); ++i) {
        const std::vector<quint64> children = childrenOf(gone[i]);
        gone.insert(gone.end(), children.begin(), children.end());
    }
    for (const quint64 each : gone) {
        std::erase_if(m_turns, [&](const Turn& t) { return t.id == each; });
        m_hidden.erase(each);
        m_chosen.erase(each);
    }
    std::erase_if(m_chosen, [&](const auto& choice) {
        return std::find(gone.begin(), gone.end(), choice.second) != gone.end();
    });
    return gone;
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
    if (options.budget() > 0) // else the longest answer ends it
        request.thinkingBudget = options.thinkingBudget;
    request.maxNewTokens = options.longestAnswer;
    request.sampling = options.sampling;
    if (options.maxTiles > 0)
        request.maxTiles = options.maxTiles;
    if (options.minPixels > 0)
        request.minPixels = options.minPixels;
    if (options.maxPixels > 0)
        request.maxPixels = options.maxPixels;
    request.aspectRatio = options.aspectRatio.toStdString();
    request.promptTemplate = options.promptTemplate.toStdString();
    request.adapter = options.adapter.toStdString();
    return request;
}

} // namespace argali::gui
