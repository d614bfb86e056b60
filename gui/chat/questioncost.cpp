#include "gui/chat/questioncost.h"

#include <chrono>

#include <QHBoxLayout>
#include <QLocale>

#include "gui/chat/chatoptions.h"
#include "gui/chat/composer.h"
#include "gui/chat/costtext.h"
#include "gui/chat/replysource.h"
#include "gui/chat/turncontroller.h"
#include "gui/theme.h"
#include "gui/widgets/elidedlabel.h"

namespace argali::gui {
namespace {

constexpr auto delay = std::chrono::milliseconds(250); // who types is not done yet

} // namespace

QuestionCost::QuestionCost(Settings& settings, ReplySource& source, ConversationBook& book,
                           TurnController& turns, ChatOptions& options, Composer& composer,
                           QWidget* parent)
    : QWidget(parent),
      m_source(source),
      m_book(book),
      m_turns(turns),
      m_options(options),
      m_composer(composer),
      m_line(new ElidedLabel({}, this)),
      m_speed(settings)
{
    m_line->setFont(scaledFont(font(), 0.9));
    m_line->setForegroundRole(QPalette::PlaceholderText);
    m_line->setAccessibleName(tr("Cost of the question"));
    auto* row = new QHBoxLayout(this);
    row->setContentsMargins(18, 0, 18, 8);
    row->addWidget(m_line);

    m_delay.setSingleShot(true);
    m_delay.setInterval(delay);
    connect(&m_delay, &QTimer::timeout, this, &QuestionCost::ask);
    connect(&composer, &Composer::changed, this, &QuestionCost::forget);
    connect(&settings, &Settings::changed, this, [this](const QByteArray& key) {
        if (key != settings::zoom.key && key != settings::speeds.key)
            m_delay.start();
    });
    connect(&options, &ChatOptions::changed, this, [this] {
        showCost();
        m_delay.start();
    });
    connect(&source, &ReplySource::costReady, this,
            [this](quint64 question, const RequestCost& cost) {
                if (question != m_question)
                    return;
                m_known = cost;
                showCost();
            });
    connect(&source, &ReplySource::sizeReady, this, &QuestionCost::showSize);
    connect(&turns, &TurnController::finished, this, [this](quint64 turn) {
        learnSpeed(turn);
        m_delay.start();
    });
    showCost();
    m_delay.start();
}

void QuestionCost::setModel(const std::optional<LoadedModel>& model, bool loading)
{
    m_model = model;
    m_loading = loading;
    forget();
}

QString QuestionCost::text() const
{
    return m_line->text();
}

/// What is known is of another question.
void QuestionCost::forget()
{
    m_known.reset();
    showCost();
    m_delay.start();
}

void QuestionCost::ask()
{
    if (!m_model || m_loading || m_turns.isBusy())
        return;
    const Draft draft = m_composer.draft();
    if (draft.isEmpty() && m_book.current().isEmpty()) {
        m_known.reset();
        showCost();
        return;
    }
    m_source.estimate(++m_question,
                      makeRequest(m_book.current(), draft, m_options.forAnswer(m_model)));
}

/// How the model makes pictures square; empty: it does not.
QString QuestionCost::aspectRatio() const
{
    const std::vector<std::string>& ratios = m_model->info.aspectRatios;
    const QString chosen = m_options.forAnswer(m_model).aspectRatio;
    return chosen.isEmpty() && !ratios.empty() ? QString::fromStdString(ratios.front()) : chosen;
}

void QuestionCost::showCost()
{
    CostText text;
    if (m_known && m_model) {
        text = costText(*m_known, m_composer.draft().media.size(), *m_model,
                        m_options.forAnswer(m_model).longestAnswer,
                        m_speed.firstWord(*m_model, *m_known));
        m_composer.setCosts(m_known->parts, aspectRatio());
    } else {
        m_composer.setCosts({});
    }
    m_line->setText(text.line);
    m_line->setToolTip(
        text.details.isEmpty() ? QString() : QStringLiteral("<span>%1</span>").arg(text.details));
}

/// What would be sent to a server, where tokens and time are not known.
void QuestionCost::showSize(quint64 question, int pictures, qint64 bytes)
{
    if (question != m_question)
        return;
    const QString size = QLocale().formattedDataSize(bytes, 1, QLocale::DataSizeSIFormat);
    m_line->setText(pictures > 0 ? tr("%Ln picture(s) · %1 to send", nullptr, pictures).arg(size)
                                 : tr("%1 to send").arg(size));
    m_line->setToolTip(QStringLiteral("<span>%1</span>")
                           .arg(tr("What goes to the server with this question. How many tokens "
                                   "it makes of that is known from its answer.")));
}

void QuestionCost::learnSpeed(quint64 id)
{
    const Conversation* conversation = m_book.holding(id);
    const Turn* turn = conversation ? conversation->find(id) : nullptr;
    if (m_model && m_model->isLocal() && turn && turn->answeredBy.isLocal() &&
        turn->model == m_model->name())
        m_speed.learn(*m_model, turn->answer.usage, turn->answer.timings);
}

} // namespace argali::gui
