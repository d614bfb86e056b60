#include "gui/chat/chatwidget.h"

#include <algorithm>
#include <cmath>
#include <utility>

#include <QEvent>
#include <QHBoxLayout>
#include <QLabel>
#include <QLineEdit>
#include <QLocale>
#include <QRegularExpression>
#include <QShortcut>
#include <QStackedWidget>
#include <QUrl>
#include <QVBoxLayout>

#include "gui/chat/composeredit.h"
#include "gui/chat/costtext.h"
#include "gui/chat/emptystate.h"
#include "gui/chat/filmstrip.h"
#include "gui/chat/findbar.h"
#include "gui/chat/medialoader.h"
#include "gui/chat/replysource.h"
#include "gui/chat/transcriptactions.h"
#include "gui/chat/transcriptview.h"
#include "gui/chat/turncontroller.h"
#include "gui/film/filmpreview.h"
#include "gui/film/keyframeset.h"
#include "gui/film/regioncard.h"
#include "gui/shortcuts.h"
#include "gui/theme.h"
#include "gui/widgets/elidedlabel.h"

namespace argali::gui {
namespace {

constexpr int composerWidth = 820; // with its shadow; 40 wider than the transcript's column
constexpr auto costDelay = std::chrono::milliseconds(250);

QString firstSentence(const QString& text)
{
    static const QRegularExpression end(QStringLiteral("[.!?。！？\\n]"));
    const qsizetype at = text.indexOf(end);
    return (at < 0 ? text : text.left(at + 1)).simplified().left(300);
}

} // namespace

ChatWidget::ChatWidget(Settings& settings, MediaLoader& loader, ReplySource& source,
                       ConversationBook& book, TurnController& turns, const QList<Sample>& samples,
                       QWidget* parent)
    : QWidget(parent),
      m_settings(settings),
      m_source(source),
      m_book(book),
      m_turns(turns),
      m_options(settings, book),
      m_find(new FindBar(this)),
      m_stack(new QStackedWidget(this)),
      m_empty(new EmptyState(loader, samples, this)),
      m_composer(new Composer(settings, loader, this)),
      m_costRow(new QWidget(this)),
      m_cost(new ElidedLabel({}, m_costRow)),
      m_speed(settings),
      m_region(new RegionCard(m_stack)) // over the transcript, not the composer
{
    m_stack->addWidget(m_empty);
    m_cost->setFont(scaledFont(font(), 0.9));
    m_cost->setForegroundRole(QPalette::PlaceholderText);
    m_cost->setAccessibleName(tr("Cost of the question"));
    auto* costRow = new QHBoxLayout(m_costRow);
    costRow->setContentsMargins(18, 0, 18, 8);
    costRow->addWidget(m_cost);
    auto* foot = new QWidget(this);
    foot->setMaximumWidth(composerWidth);
    auto* footColumn = new QVBoxLayout(foot);
    footColumn->setContentsMargins(0, 0, 0, 0);
    footColumn->setSpacing(0);
    footColumn->addWidget(m_composer);
    footColumn->addWidget(m_costRow);
    auto* footRow = new QHBoxLayout; // centred, and no wider than the transcript's column needs
    footRow->setContentsMargins(8, 0, 8, 0);
    footRow->addStretch(1);
    footRow->addWidget(foot, 1000);
    footRow->addStretch(1);
    auto* column = new QVBoxLayout(this);
    column->setContentsMargins(0, 0, 0, 0);
    column->setSpacing(0);
    column->addWidget(m_find);
    column->addWidget(m_stack, 1);
    column->addLayout(footRow);

    m_costDelay.setSingleShot(true);
    m_costDelay.setInterval(costDelay);
    connect(&m_costDelay, &QTimer::timeout, this, &ChatWidget::askForCost);
    connect(m_composer, &Composer::changed, this, [this] {
        m_knownCost.reset();
        showCost();
        m_costDelay.start();
        if (m_sendWhenReady && !m_composer->isReading() && !m_loading) {
            m_sendWhenReady = false;
            m_composer->showNote({});
            send();
        }
    });
    connect(m_composer->edit(), &ComposerEdit::textChanged, this, [this] {
        if (m_sendWhenReady) // who goes on writing is not done
            stop();
    });
    connect(&settings, &Settings::changed, this, [this](const QByteArray& key) {
        if (key == settings::zoom.key && m_transcript)
            m_transcript->setZoom(m_settings.value(settings::zoom));
        else if (key != settings::speeds.key)
            m_costDelay.start();
    });
    connect(&m_options, &ChatOptions::changed, this, &ChatWidget::showOptions);
    connect(m_composer, &Composer::thinkingChosen, this, [this](bool on) {
        AnswerOptions options = m_options.current();
        options.thinking = on;
        m_options.set(options);
    });
    connect(&source, &ReplySource::costReady, this,
            [this](quint64 question, const RequestCost& cost) {
                if (question != m_costQuestion)
                    return;
                m_knownCost = cost;
                showCost();
            });

    connect(m_composer, &Composer::sendRequested, this, &ChatWidget::send);
    connect(m_composer, &Composer::stopRequested, this, [this] { stop(); });
    connect(m_composer, &Composer::previewRequested, this, &ChatWidget::openPreview);
    connect(m_empty, &EmptyState::sampleChosen, this, &ChatWidget::ask);
    connect(m_empty, &EmptyState::dropped, this,
            [this](const QMimeData& mime) { m_composer->take(mime); });
    connect(m_empty, &EmptyState::filesRequested, m_composer, &Composer::chooseFilesOf);
    connect(m_empty, &EmptyState::modelRequested, this, &ChatWidget::modelRequested);

    auto* findShortcut = new QShortcut(this);
    Shortcuts::give(*findShortcut, Shortcut::Find);
    connect(findShortcut, &QShortcut::activated, this, &ChatWidget::openFind);
    connect(m_find, &FindBar::searchRequested, this, [this](const QString& text, bool backward) {
        if (m_transcript)
            m_transcript->findText(text, backward);
    });
    connect(m_find, &FindBar::closed, this, [this] { m_composer->focusText(); });

    connect(&book, &ConversationBook::aboutToSwitch, this,
            [this] { m_book.current().draft = unsent(); });
    connect(&book, &ConversationBook::switched, this, [this] {
        m_sendWhenReady = false;
        m_editing = 0;
        m_find->close();
        m_region->hide();
        showConversation();
        tellEarlier();
        m_composer->setDraft(m_book.current().draft);
        m_composer->focusText();
    });
    connect(&turns, &TurnController::removed, this, [this](quint64 turn) {
        if (m_transcript)
            m_transcript->removeFrom(turn);
        if (m_book.current().isEmpty() && !m_turns.isBusy())
            showConversation();
    });
    connect(&turns, &TurnController::shown, this, [this](quint64 id) {
        makeTranscript();
        m_stack->setCurrentWidget(m_transcript);
        showTurn(*m_book.current().find(id));
    });
    connect(&turns, &TurnController::branchesChanged, this, [this](quint64 id) {
        if (isShown(id) && m_actions)
            m_actions->showBranch(id);
    });
    connect(&turns, &TurnController::started, this, [this](quint64 id) {
        tellEarlier();
        m_composer->setBusy(true);
        if (isShown(id)) {
            makeTranscript();
            m_stack->setCurrentWidget(m_transcript);
            m_actions->show(*m_book.current().find(id));
        }
    });
    connect(&turns, &TurnController::thinkingAppended, this,
            [this](quint64 id, const QString& text, int tokens) {
                if (isShown(id))
                    m_transcript->appendThinking(id, text, tokens);
            });
    connect(&turns, &TurnController::textAppended, this, [this](quint64 id, const QString& text) {
        if (isShown(id))
            m_transcript->appendText(id, text);
    });
    connect(&turns, &TurnController::textTakenBack, this, [this](quint64 id) {
        if (isShown(id))
            m_transcript->takeTextBack(id);
    });
    connect(&turns, &TurnController::rewritten, this, [this](quint64 id) {
        if (!isShown(id))
            return;
        m_transcript->removeFrom(id); // what is under way is the last one
        m_actions->show(*m_book.current().find(id));
    });
    connect(&turns, &TurnController::thinkingFinished, this, [this](quint64 id) {
        if (!isShown(id))
            return;
        const Answer& answer = m_book.current().find(id)->answer;
        m_transcript->setThinkingDone(id, answer.thinkingMs, answer.thinkingTokens,
                                      answer.budgetReached);
    });
    connect(&turns, &TurnController::finished, this, [this](quint64 id) {
        learnSpeed(id);
        tellEarlier();
        m_composer->setBusy(m_turns.isBusy());
        if (isShown(id)) {
            const Turn& turn = *m_book.current().find(id);
            m_actions->showEnd(turn, m_model.has_value());
            if (!turn.answer.isBlank())
                emit announced(firstSentence(turn.answer.text));
        }
        m_costDelay.start();
    });
    connect(&turns, &TurnController::failed, this, &ChatWidget::takeFailure);
    showConversation();
    showOptions();
}

TranscriptView* ChatWidget::makeTranscript()
{
    if (m_transcript)
        return m_transcript;
    m_transcript = new TranscriptView(m_stack);
    m_transcript->setTheme(Theme::of(palette()));
    m_transcript->setZoom(m_settings.value(settings::zoom));
    m_stack->addWidget(m_transcript);
    connect(m_transcript, &TranscriptView::linkActivated, this, &ChatWidget::linkActivated);
    connect(m_transcript, &TranscriptView::found, m_find, &FindBar::setResult);
    m_transcript->setAnswerNowEnabled(m_source.canAnswerNow());
    connect(m_transcript, &TranscriptView::answerNowRequested, this, [this](quint64 id) {
        if (id == m_turns.currentTurn())
            m_source.answerNow();
    });
    m_actions = new TranscriptActions(*m_transcript, m_book);
    connect(m_actions, &TranscriptActions::editing, this, &ChatWidget::beginEdit);
    connect(m_actions, &TranscriptActions::filmActivated, this, [this](const MediaFile& film) {
        openPreview(film, KeyFrameSet::of(film).timeAt(0));
        m_preview->showSentFrames(film);
    });
    connect(m_transcript, &TranscriptView::branchRequested, this,
            [this](quint64 id, int step) { m_turns.showSibling(id, step); });
    connect(m_transcript, &TranscriptView::deleteRequested, this,
            [this](quint64 id) { m_turns.remove(id); });
    connect(m_transcript, &TranscriptView::timeActivated, this, &ChatWidget::showTime);
    connect(m_transcript, &TranscriptView::regionHovered, this,
            [this](quint64 id, const TranscriptView::Region& region) {
                const QRectF& area = region.area;
                if (region.isPoint)
                    showRegion(id, QStringLiteral("point"), {area.x(), area.y()});
                else
                    showRegion(id, QStringLiteral("box"),
                               {area.left(), area.top(), area.right(), area.bottom()});
            });
    connect(m_transcript, &TranscriptView::regionLeft, m_region, &QWidget::hide);
    connect(m_transcript, &TranscriptView::regenerateRequested, this, &ChatWidget::regenerate);
    connect(m_transcript, &TranscriptView::actionRequested, this,
            [this](quint64 id, const QString& action) {
                if (action == TranscriptActions::tryAgain)
                    regenerate(id);
                else if (action == TranscriptActions::openModel)
                    emit modelRequested();
            });
    return m_transcript;
}

bool ChatWidget::isShown(quint64 turn) const
{
    return m_book.current().isShown(turn);
}

void ChatWidget::showConversation()
{
    const Conversation& conversation = m_book.current();
    if (m_transcript)
        m_transcript->clear();
    if (conversation.isEmpty()) {
        m_stack->setCurrentWidget(m_empty);
        return;
    }
    makeTranscript();
    m_stack->setCurrentWidget(m_transcript);
    for (const Turn& turn : conversation.turns())
        showTurn(turn);
}

void ChatWidget::showTurn(const Turn& turn)
{
    m_actions->show(turn);
    if (!turn.answer.isRunning())
        m_actions->showEnd(turn, m_model.has_value());
}

void ChatWidget::beginEdit(quint64 turn, const Draft& question)
{
    if (!m_editing)
        m_setAside = m_composer->keptDraft();
    m_editing = turn;
    m_composer->setDraft(question);
    m_editedFrom = m_composer->keptDraft();
    sayEditing();
    m_composer->focusText();
}

void ChatWidget::sayEditing()
{
    m_composer->showNote(tr(
        "You are changing an earlier question; the old one stays beside it. Esc takes it back."));
}

void ChatWidget::takeOver(const ChatWidget& old)
{
    m_composer->takeOver(*old.m_composer);
    m_composer->setBusy(m_turns.isBusy());
    m_setAside = old.m_setAside;
    m_editedFrom = old.m_editedFrom;
    m_editing = old.m_editing;
    if (m_editing)
        sayEditing();
    m_sendWhenReady = old.m_sendWhenReady;
    if (m_sendWhenReady)
        sayWaiting();
    tellEarlier();
    if (!old.m_find->isHidden()) {
        openFind();
        m_find->edit()->setText(old.m_find->text());
    }
}

void ChatWidget::endEdit()
{
    m_editing = 0;
    m_composer->setDraft(std::exchange(m_setAside, {}));
}

Draft ChatWidget::unsent() const
{
    Draft draft = m_composer->keptDraft();
    if (!m_editing)
        return draft;
    if (draft.text == m_editedFrom.text)
        return m_setAside;
    if (!m_setAside.text.isEmpty())
        draft.text += QStringLiteral("\n\n") + m_setAside.text;
    draft.media += m_setAside.media;
    return draft;
}

void ChatWidget::openFind()
{
    if (m_stack->currentWidget() != m_empty)
        m_find->open();
}

void ChatWidget::takeFailure(quint64 id, const Draft& draft)
{
    tellEarlier();
    m_composer->setBusy(m_turns.isBusy());
    if (isShown(id)) {
        const Turn& turn = *m_book.current().find(id);
        m_actions->showEnd(turn, m_model.has_value());
        emit announced(turn.answer.failure.sentence());
        // The question comes back, unless something else is being written already.
        if (!draft.isEmpty() && m_composer->isEmpty())
            m_composer->setDraft(draft);
    } else if (Conversation* other = m_book.holding(id); other && other->draft.isEmpty()) {
        other->draft = draft;
    }
}

void ChatWidget::setModel(const std::optional<LoadedModel>& model, bool loading)
{
    m_model = model;
    m_loading = loading;
    m_composer->setModel(model);
    m_empty->setModel(model, loading);
    if (!loading && m_sendWhenReady && !m_composer->isReading()) {
        m_sendWhenReady = false;
        m_composer->showNote({});
        send();
    }
    m_knownCost.reset();
    showCost();
    m_costDelay.start();
}

void ChatWidget::send()
{
    if (m_turns.isBusy()) {
        m_composer->showNote(tr("An answer is being written. Esc stops it."));
        return;
    }
    if (m_composer->isReading() && !m_composer->draft().text.trimmed().isEmpty()) {
        m_sendWhenReady = true;
        sayWaiting();
        return;
    }
    const QString obstacle = m_composer->obstacle();
    if (!obstacle.isEmpty()) {
        if (!m_composer->isEmpty())
            m_composer->showNote(obstacle);
        return;
    }
    if (m_loading) {
        m_sendWhenReady = true;
        sayWaiting();
        return;
    }
    if (!m_model) {
        m_composer->showNote(tr("No model is open. Open one from the menu above."));
        return;
    }
    if (m_knownCost && m_knownCost->promptTokens >= m_knownCost->context) {
        const QLocale locale;
        m_composer->showNote(
            tr("This needs %1 tokens, but the model has room for %2. Shorten the question, use "
               "fewer pictures or frames, or start a new chat.")
                .arg(locale.toString(qlonglong(m_knownCost->promptTokens)),
                     locale.toString(qlonglong(m_knownCost->context))));
        return;
    }
    m_options.keep();
    const AnswerOptions options = m_options.forAnswer(m_model);
    const Draft draft = m_composer->draft();
    m_composer->clear();
    if (!m_editing) {
        noteDevice(m_turns.send(draft, options, m_model->name()));
        return;
    }
    const quint64 turn = m_editing;
    endEdit();
    noteDevice(m_turns.edit(turn, draft, options, m_model->name()));
}

/// What send() waits for.
void ChatWidget::sayWaiting()
{
    m_composer->showNote(
        m_composer->isReading()
            ? tr("Will be sent as soon as the files are read. Esc takes it back.")
            : tr("Will be sent as soon as the model is ready. Esc takes it back."));
}

/// Kept with the turn, since another model on another device may be open when it is looked at.
void ChatWidget::noteDevice(quint64 id)
{
    if (Turn* turn = m_book.current().find(id))
        turn->device = m_model->device;
}

void ChatWidget::regenerate(quint64 turn)
{
    if (!m_model || m_loading) {
        m_composer->showNote(m_loading ? tr("The model is still being loaded.")
                                       : tr("No model is open. Open one from the menu above."));
        return;
    }
    m_options.keep();
    const AnswerOptions options = m_options.forAnswer(m_model);
    const Turn* old = m_book.current().find(turn);
    // A failed question went back to the composer; asked again unchanged, it leaves there.
    if (old && old->answer.state == Answer::State::Failed &&
        m_composer->draft().text == old->question)
        m_composer->clear();
    noteDevice(m_turns.regenerate(turn, options, m_model->name()));
}

void ChatWidget::regenerateLast()
{
    if (!m_book.current().isEmpty())
        regenerate(m_book.current().turns().back().id);
}

void ChatWidget::editLast()
{
    if (m_book.current().isEmpty())
        return;
    const Turn& last = m_book.current().turns().back();
    if (m_editing != last.id) // else what is written already would go
        beginEdit(last.id, last.draft());
    m_composer->focusText();
}

bool ChatWidget::stop()
{
    if (m_sendWhenReady) {
        m_sendWhenReady = false;
        m_composer->showNote({});
        return true;
    }
    if (m_turns.isBusy()) {
        m_turns.stop();
        return true;
    }
    if (!m_editing)
        return false;
    endEdit();
    return true;
}

void ChatWidget::ask(const Sample& sample)
{
    // What was being written stays in its own chat.
    if (!m_book.current().isEmpty() || !m_composer->isEmpty())
        m_book.startNew();
    m_composer->attach(sample.path, sample.frames);
    m_composer->edit()->setPlainText(sample.questions.value(0));
    send();
}

void ChatWidget::askForCost()
{
    if (!m_model || m_loading || m_turns.isBusy())
        return;
    Draft draft = m_composer->draft();
    if (draft.isEmpty() && m_book.current().isEmpty()) {
        m_knownCost.reset();
        showCost();
        return;
    }
    m_source.estimate(++m_costQuestion,
                      makeRequest(m_book.current(), draft, m_options.forAnswer(m_model)));
}

void ChatWidget::showCost()
{
    CostText text;
    if (m_knownCost && m_model) {
        const Draft draft = m_composer->draft();
        text = argali::gui::costText(*m_knownCost, draft.media.size(), *m_model,
                                     m_options.forAnswer(m_model).longestAnswer,
                                     m_speed.firstWord(*m_model, *m_knownCost));
        m_composer->setCosts(m_knownCost->parts);
    } else {
        m_composer->setCosts({});
    }
    m_cost->setText(text.line);
    m_cost->setToolTip(
        text.details.isEmpty() ? QString() : QStringLiteral("<span>%1</span>").arg(text.details));
}

void ChatWidget::showOptions()
{
    const AnswerOptions options = m_options.current();
    m_composer->setThinking(options.thinking, options.budget());
    showCost();
    m_costDelay.start();
}

void ChatWidget::learnSpeed(quint64 id)
{
    const Conversation* conversation = m_book.holding(id);
    const Turn* turn = conversation ? conversation->find(id) : nullptr;
    if (m_model && turn && turn->model == m_model->name())
        m_speed.learn(*m_model, turn->answer.usage, turn->answer.timings);
}

/// Tells the composer what the model will see again of the questions before.
void ChatWidget::tellEarlier()
{
    EarlierMedia earlier;
    for (const Turn& turn : m_book.current().turns()) {
        if (turn.answer.isBlank() && !turn.answer.isRunning())
            continue; // it is left out of the next request
        for (const MediaFile& file : turn.media)
            ++(file.isFilm() ? earlier.films : earlier.pictures);
    }
    m_composer->setEarlier(earlier);
}

void ChatWidget::scrollTo(quint64 turn)
{
    if (m_transcript)
        m_transcript->scrollTo(turn);
}

void ChatWidget::openPreview(const MediaFile& film, double seconds)
{
    if (m_preview && m_preview->path() != film.path)
        m_preview->close();
    if (!m_preview || m_preview->path() != film.path) {
        const bool canAdd = m_composer->strip()->film().path == film.path;
        m_preview = new FilmPreview(film, canAdd, window());
        connect(m_preview, &FilmPreview::frameAdded, this, [this](double at) {
            if (m_preview && m_composer->strip()->film().path == m_preview->path())
                m_composer->strip()->addFrame(at);
            else
                m_composer->showNote(tr("The film is not in the question any more. Attach it again "
                                        "to choose its frames."));
        });
    }
    m_preview->goTo(seconds);
    m_preview->show();
    m_preview->raise();
    m_preview->activateWindow();
}

void ChatWidget::showRegion(quint64 id, const QString& kind, const QList<double>& numbers)
{
    const Conversation* conversation = m_book.holding(id);
    MediaFile picture; // of this turn, or the last one before it that has any
    if (conversation) {
        for (const Turn& turn : conversation->turns()) {
            if (!turn.media.isEmpty() && !turn.media.first().isFilm())
                picture = turn.media.first();
            if (turn.id == id)
                break;
        }
    }
    m_region->showRegions(picture, PictureRegions::of(kind, numbers));
}

FilmPreview* ChatWidget::preview() const
{
    return m_preview;
}

void ChatWidget::showTime(quint64 id, double seconds)
{
    const Conversation* conversation = m_book.holding(id);
    if (!conversation || !std::isfinite(seconds))
        return;
    MediaFile film; // of this turn, or the last one before it
    for (const Turn& turn : conversation->turns()) {
        for (const MediaFile& file : turn.media) {
            if (file.isFilm())
                film = file;
        }
        if (turn.id == id)
            break;
    }
    if (film.path.isEmpty())
        return;
    if (!m_composer->strip()->isHidden() && m_composer->strip()->film().path == film.path)
        m_composer->strip()->goTo(seconds);
    else
        openPreview(film, std::clamp(seconds, 0.0, std::max(0.0, film.duration)));
}

QString ChatWidget::costText() const
{
    return m_cost->text();
}

void ChatWidget::changeEvent(QEvent* event)
{
    QWidget::changeEvent(event);
    if (event->type() == QEvent::PaletteChange && m_transcript)
        m_transcript->setTheme(Theme::of(palette()));
}

} // namespace argali::gui
