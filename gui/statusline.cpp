#include "gui/statusline.h"

#include <QHBoxLayout>
#include <QLabel>
#include <QLocale>
#include <QPainter>

#include "gui/remote/connectionlabel.h"
#include "gui/remote/serverconnection.h"
#include "gui/shortcuts.h"
#include "gui/theme.h"
#include "gui/widgets/elidedlabel.h"
#include "gui/widgets/statusdot.h"
#include "gui/widgets/thinbar.h"

namespace argali::gui {
namespace {

QString gigabytes(qint64 bytes)
{
    const double value = double(bytes) / 1e9;
    return QLocale().toString(value, 'f', value < 10 ? 1 : value < 100 ? 1 : 0);
}

} // namespace

StatusLine::StatusLine(QWidget* parent)
    : QWidget(parent),
      m_row(new QHBoxLayout(this)),
      m_phase(new ElidedLabel({}, this)),
      m_bar(new ThinBar(this)),
      m_speed(new QLabel(this)),
      m_stops(new QLabel(this)),
      m_device(new ElidedLabel({}, this)),
      m_memory(new QLabel(this)),
      m_dot(new StatusDot(this)),
      m_model(new QLabel(this)),
      m_connection(new ConnectionLabel(this))
{
    const QFont small = scaledFont(font(), 0.9);
    for (QLabel* label : {static_cast<QLabel*>(m_phase), m_speed, m_stops,
                          static_cast<QLabel*>(m_device), m_memory, m_model}) {
        label->setFont(small);
        label->setTextFormat(Qt::PlainText);
        label->setForegroundRole(QPalette::PlaceholderText);
    }
    m_bar->setAccessibleName(tr("Progress"));
    //: a key, and what it does to what is under way
    m_stops->setText(tr("%1 stops").arg(Shortcuts::text(Shortcut::Stop)));
    m_device->setAlignment(Qt::AlignTrailing | Qt::AlignVCenter);
    m_row->setContentsMargins(14, 4, 14, 4);
    m_row->setSpacing(16);
    m_row->addWidget(m_phase);
    m_row->addWidget(m_bar);
    m_row->addWidget(m_speed);
    m_row->addWidget(m_stops);
    m_row->addStretch(1);
    m_row->addWidget(m_device);
    m_row->addWidget(m_memory);
    auto* ready = new QHBoxLayout;
    ready->setSpacing(6);
    ready->addWidget(m_dot);
    ready->addWidget(m_model);
    m_row->addLayout(ready);
    m_row->addWidget(m_connection);
    setSizePolicy(QSizePolicy::Preferred, QSizePolicy::Fixed);
    setMinimumWidth(240); // the window may be narrower than all of the line
    setIdle();
    setModel(std::nullopt, false);
}

void StatusLine::setConnection(ServerConnection* connection)
{
    m_connection->setConnection(connection);
    if (connection)
        connect(connection, &QObject::destroyed, m_connection, [this] {
            if (!m_connection->connection())
                setConnection(nullptr);
        });
    m_dot->setVisible(!connection);
    m_model->setVisible(!connection);
    fitWidth();
}

void StatusLine::addNotice(QWidget* notice)
{
    m_row->insertWidget(m_row->indexOf(m_device), notice);
}

void StatusLine::resizeEvent(QResizeEvent* event)
{
    QWidget::resizeEvent(event);
    fitWidth();
}

/// What matters least goes first where there is no room.
void StatusLine::fitWidth()
{
    const int em = fontMetrics().height();
    const bool isLocal = !m_connection->connection();
    m_memory->setVisible(isLocal && m_hasModel && width() > 46 * em);
    m_device->setVisible(isLocal && m_hasModel && width() > 36 * em);
    m_stops->setVisible(m_running && !m_stopping && width() > 26 * em);
}

void StatusLine::paintEvent(QPaintEvent*)
{
    QPainter painter(this);
    painter.fillRect(rect(), palette().color(QPalette::AlternateBase));
    painter.fillRect(QRect(0, 0, width(), 1), palette().color(QPalette::Mid));
}

void StatusLine::showPhase(const QString& words, qint64 done, qint64 total, bool running)
{
    m_isBad = false;
    m_phase->setText(words);
    m_phase->setToolTip({});
    m_phase->setPalette(QPalette());
    m_bar->setVisible(running);
    m_bar->setProgress(done, total);
    m_running = running;
    if (!running)
        m_speed->hide();
    fitWidth();
}

void StatusLine::setIdle()
{
    m_stopping = false;
    m_isThinking = false;
    m_firstTokens = 0;
    m_since.invalidate();
    showPhase(tr("Ready"), 0, 0, false);
}

void StatusLine::setMessage(const QString& message, bool bad)
{
    setIdle();
    m_phase->setText(message);
    m_isBad = bad;
    if (bad) {
        QPalette colours;
        colours.setColor(QPalette::PlaceholderText, Theme::of(palette()).bad);
        m_phase->setPalette(colours);
    }
}

void StatusLine::setDetails(const QString& details)
{
    m_phase->setToolTip(QStringLiteral("<p>%1</p><p>%2</p>")
                            .arg(m_phase->text().toHtmlEscaped(), details.toHtmlEscaped()));
}

void StatusLine::setStopping()
{
    m_stopping = true;
    m_phase->setText(tr("Stopping…"));
    fitWidth();
}

void StatusLine::setSending(qint64 bytes, qint64 total)
{
    if (m_stopping)
        return;
    const QLocale locale;
    const auto size = [&](qint64 value) {
        return locale.formattedDataSize(value, 1, QLocale::DataSizeSIFormat);
    };
    if (bytes >= total)
        showPhase(tr("Waiting for the answer"), 0, 0, true);
    else
        showPhase(tr("Sending %1 / %2").arg(size(bytes), size(total)), bytes, total, true);
}

void StatusLine::setThinking(int budget)
{
    m_isThinking = true;
    m_budget = budget;
}

void StatusLine::setWriting()
{
    m_isThinking = false;
}

void StatusLine::showSpeed(qint64 tokens)
{
    if (!m_since.isValid()) {
        m_since.start();
        m_firstTokens = tokens;
        m_speed->hide();
        return;
    }
    const double seconds = double(m_since.elapsed()) / 1000;
    if (seconds < 0.3 || tokens <= m_firstTokens)
        return; // too early for a number that holds
    const double speed = double(tokens - m_firstTokens) / seconds;
    m_speed->setText(tr("%1 tok/s").arg(QLocale().toString(speed, 'f', speed < 10 ? 1 : 0)));
    m_speed->show();
}

void StatusLine::setProgress(const Progress& progress)
{
    if (m_stopping)
        return;
    const QLocale locale;
    const QString done = locale.toString(qlonglong(progress.done));
    const QString total = locale.toString(qlonglong(progress.total));
    const bool counted = progress.total > 0;
    QString words;
    qint64 end = progress.total;
    switch (progress.phase) {
    case Progress::Phase::Loading:
        words =
            counted ? tr("Loading the model %1 / %2").arg(done, total) : tr("Loading the model");
        break;
    case Progress::Phase::Media:
        words = counted ? tr("Reading pictures %1 / %2").arg(done, total) : tr("Reading pictures");
        break;
    case Progress::Phase::Vision:
        words = counted ? tr("Looking %1 / %2").arg(done, total) : tr("Looking");
        break;
    case Progress::Phase::Prefill:
        words = counted ? tr("Prompt %1 / %2 tokens").arg(done, total) : tr("Reading the prompt");
        break;
    case Progress::Phase::Answering:
        if (m_isThinking && m_budget > 0) {
            end = m_budget;
            words = tr("Thinking %1 / %2").arg(done, locale.toString(m_budget));
        } else {
            words = tr("Answering, %Ln token(s)", nullptr, int(progress.done));
        }
        showSpeed(progress.done);
        break;
    }
    showPhase(words, progress.done, end, true);
}

void StatusLine::setModel(const std::optional<LoadedModel>& model, bool loading)
{
    m_hasModel = model.has_value();
    fitWidth();
    if (model && model->isLocal()) {
        QStringList device;
        device << (model->deviceId == QLatin1String("cpu") ? tr("CPU") : model->device);
        if (model->threads > 0 && model->deviceId == QLatin1String("cpu"))
            device << tr("%Ln thread(s)", nullptr, model->threads);
        if (!model->isa.isEmpty())
            device << model->isa.toUpper();
        device << model->typeName();
        m_device->setText(device.join(QStringLiteral(" · ")));
        m_device->setToolTip(QStringLiteral("<span>%1</span>").arg(model->device.toHtmlEscaped()));
        m_memory->setText(
            model->deviceMemory > 0
                ? tr("Memory %1 / %2 GB")
                      .arg(gigabytes(model->memory.total), gigabytes(model->deviceMemory))
                : tr("Memory %1 GB").arg(gigabytes(model->memory.total)));
        m_memory->setToolTip(
            tr("What the model needs with its whole context, and what the device has"));
    }
    if (loading)
        m_model->setText(tr("Loading"));
    else if (!model)
        m_model->setText(tr("No model"));
    else if (model->isPocket())
        m_model->setText(tr("Pocket model ready"));
    else
        m_model->setText(tr("%1 ready").arg(model->name()));
    m_dot->setState(loading ? StatusDot::State::Waiting
                    : model ? StatusDot::State::Ready
                            : StatusDot::State::Off);
}

QString StatusLine::phaseText() const
{
    return m_phase->text();
}

QString StatusLine::message() const
{
    return m_isBad ? m_phase->text() : QString();
}

QString StatusLine::modelText() const
{
    return m_model->text();
}

} // namespace argali::gui
