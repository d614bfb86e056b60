#include "gui/remote/comparison.h"

#include <algorithm>

#include <QHBoxLayout>
#include <QLabel>
#include <QPlainTextEdit>
#include <QVBoxLayout>

#include "gui/chat/transcriptpane.h"
#include "gui/chat/transcriptview.h"
#include "gui/displayname.h"
#include "gui/remote/remotereplysource.h"
#include "gui/remote/sourceswitch.h"
#include "gui/theme.h"
#include "gui/widgets/button.h"
#include "gui/widgets/combobox.h"

namespace argali::gui {

/// One of the two: a chat of its own that nobody stores.
struct Comparison::Side {
    AnswerSource source;
    ConversationBook book;
    std::unique_ptr<ReplySource> remote; ///< null: the model here answers
    std::unique_ptr<TurnController> turns;
    TranscriptPane* pane = nullptr;
    ComboBox* choice = nullptr;
    QWidget* place = nullptr; ///< of the pane
};

Comparison::Comparison(const Parts& parts, const Conversation& before, const Draft& question,
                       const Options& options, const std::optional<LoadedModel>& localModel,
                       QWidget* parent)
    : QDialog(parent),
      m_parts(parts),
      m_before(before),
      m_question(question),
      m_options(options),
      m_localModel(localModel)
{
    setWindowTitle(tr("Compare two models"));
    resize(1100, 720);
    m_text = new QPlainTextEdit(question.text, this);
    m_text->setAccessibleName(tr("Question to both"));
    m_text->setPlaceholderText(tr("Ask both the same"));
    m_text->setTabChangesFocus(true);
    m_text->setProperty("field", true); // framed by the style sheet
    m_text->setFrameShape(QFrame::NoFrame);
    m_text->setFixedHeight(3 * fontMetrics().lineSpacing() + 16);
    m_hint = new QLabel(this);
    m_hint->setWordWrap(true);
    m_hint->setFont(scaledFont(font(), 0.92));
    m_hint->setForegroundRole(QPalette::PlaceholderText);
    m_ask = new Button(Button::Kind::Primary, {}, tr("Ask both"), this);
    m_stop = new Button(Button::Kind::Outlined, QStringLiteral("stop"), tr("Stop"), this);
    auto* sides = new QHBoxLayout;
    sides->setSpacing(12);
    for (int i = 0; i < 2; ++i) {
        m_sides[size_t(i)] = std::make_unique<Side>();
        Side& side = *m_sides[size_t(i)];
        side.choice = new ComboBox(this);
        side.choice->setAccessibleName(i == 0 ? tr("Model on the left") : tr("Model on the right"));
        side.place = new QWidget(this);
        side.choice->setSizePolicy(QSizePolicy::Ignored, QSizePolicy::Fixed);
        side.choice->setMinimumWidth(fontMetrics().averageCharWidth() * 24);
        auto* column = new QVBoxLayout;
        column->setSpacing(8);
        column->addWidget(side.choice);
        column->addWidget(side.place, 1);
        (new QVBoxLayout(side.place))->setContentsMargins(0, 0, 0, 0);
        sides->addLayout(column, 1);
        connect(side.choice, &QComboBox::currentIndexChanged, this, &Comparison::showState);
    }
    auto* row = new QHBoxLayout;
    row->setSpacing(8);
    row->addWidget(m_hint, 1);
    row->addWidget(m_stop);
    row->addWidget(m_ask);
    auto* column = new QVBoxLayout(this);
    column->setContentsMargins(16, 16, 16, 12);
    column->setSpacing(12);
    column->addWidget(m_text);
    column->addLayout(row);
    column->addLayout(sides, 1);
    connect(m_ask, &Button::clicked, this, &Comparison::ask);
    connect(m_stop, &Button::clicked, this, &Comparison::stop);
    connect(m_text, &QPlainTextEdit::textChanged, this, &Comparison::showState);
    connect(&parts.sources, &SourceChoice::offeredChanged, this, &Comparison::fillChoices);
    fillChoices();
    if (m_sides[1]->choice->count() > 1)
        m_sides[1]->choice->setCurrentIndex(1);
    showState();
}

Comparison::~Comparison()
{
    stop();
    for (const std::unique_ptr<Side>& side : m_sides)
        delete side->pane; // it shows what goes with the side
}

QComboBox* Comparison::choice(int side) const
{
    return m_sides[size_t(side)]->choice;
}

const Turn* Comparison::turn(int side) const
{
    const Side& each = *m_sides[size_t(side)];
    return each.turns ? &each.book.current().turns().back() : nullptr;
}

/// What was chosen stays chosen when a server comes or goes.
void Comparison::fillChoices()
{
    for (const std::unique_ptr<Side>& side : m_sides) {
        const QVariant chosen = side->choice->currentData();
        const QSignalBlocker quiet(side->choice);
        side->choice->clear();
        if (m_localModel)
            side->choice->addItem(tr("%1 (here)").arg(m_localModel->name()),
                                  QVariant::fromValue(AnswerSource()));
        for (const OfferedModel& offered : m_parts.sources.offered()) {
            if (offered.isUsable)
                side->choice->addItem(
                    tr("%1 (%2)").arg(displayName(offered.shown), displayName(offered.place())),
                    QVariant::fromValue(offered.source()));
        }
        for (int i = 0; chosen.isValid() && i < side->choice->count(); ++i) {
            if (side->choice->itemData(i).value<AnswerSource>() == chosen.value<AnswerSource>())
                side->choice->setCurrentIndex(i);
        }
    }
    showState();
}

bool Comparison::isBusy() const
{
    return std::any_of(m_sides.begin(), m_sides.end(), [](const std::unique_ptr<Side>& side) {
        return side->turns && side->turns->isBusy();
    });
}

void Comparison::showState()
{
    const bool isSame = choice(0)->currentData().value<AnswerSource>() ==
                        choice(1)->currentData().value<AnswerSource>();
    const bool isPossible = choice(0)->count() > 1 && !isSame;
    m_ask->setEnabled(isPossible && !isBusy() && !m_text->toPlainText().trimmed().isEmpty());
    m_stop->setEnabled(isBusy());
    if (choice(0)->count() < 2)
        m_hint->setText(tr("Two models are needed. Connect to a server in the settings."));
    else if (isSame)
        m_hint->setText(tr("Choose two different models."));
    else if (!m_question.media.isEmpty())
        m_hint->setText(
            tr("What is attached goes along: %Ln file(s).", nullptr, int(m_question.media.size())));
    else
        m_hint->setText(tr("Both go on from the chat that is open; nothing of this is kept."));
}

std::unique_ptr<ReplySource> Comparison::sourceOf(const AnswerSource& source) const
{
    if (source.isLocal())
        return nullptr;
    auto remote = std::make_unique<RemoteReplySource>();
    for (const OfferedModel& offered : m_parts.sources.offered()) {
        if (offered.isFor(source))
            offered.aim(*remote);
    }
    return remote;
}

/// Where a model of a server runs; empty for the one here.
QString Comparison::deviceAt(const AnswerSource& source) const
{
    for (const OfferedModel& offered : m_parts.sources.offered()) {
        if (offered.isFor(source))
            return deviceOf(offered.firstUsable());
    }
    return m_localModel ? m_localModel->device : QString();
}

void Comparison::ask()
{
    if (isBusy() || !m_ask->isEnabled())
        return;
    Draft draft = m_question;
    draft.text = m_text->toPlainText();
    for (const std::unique_ptr<Side>& side : m_sides) {
        delete side->pane;
        side->turns.reset();
        side->source = side->choice->currentData().value<AnswerSource>();
        side->remote = sourceOf(side->source);
        ReplySource& source = side->remote ? *side->remote : m_parts.sources.local();
        side->turns = std::make_unique<TurnController>(side->book, source);
        auto chat = std::make_unique<Conversation>(m_before);
        chat->head().id = side->book.newId();
        side->book.add(std::move(chat));
        side->pane = new TranscriptPane(m_parts.settings, m_parts.loader, side->book, *side->turns,
                                        {}, side->place);
        side->pane->makeTranscript();
        side->place->layout()->addWidget(side->pane);
        connect(side->turns.get(), &TurnController::finished, this, &Comparison::showState);
        connect(side->turns.get(), &TurnController::failed, this, &Comparison::showState);
        const quint64 id = side->turns->send(
            draft, side->remote ? m_options.onServer : m_options.here, side->choice->currentText());
        if (Turn* turn = side->book.current().find(id)) {
            turn->answeredBy = side->source;
            turn->device = deviceAt(side->source);
        }
    }
    showState();
}

void Comparison::stop()
{
    for (const std::unique_ptr<Side>& side : m_sides) {
        if (side->turns && side->turns->isBusy())
            side->turns->stop();
    }
}

} // namespace argali::gui
