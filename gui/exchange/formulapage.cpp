#include "gui/exchange/formulapage.h"

#include <utility>

#include <QJsonArray>
#include <QJsonDocument>
#include <QJsonObject>

#include "gui/chat/transcriptpage.h"

namespace argali::gui {
namespace {

constexpr qsizetype together = 60; // formulas in one call, so that the window stays quick

/// As the transcript draws them, but as MathML alone.
QString scriptFor(const QList<Formula>& formulas)
{
    QJsonArray list;
    for (const Formula& formula : formulas)
        list.append(QJsonArray{formula.tex, formula.display});
    return QStringLiteral(
               "JSON.stringify(%1.map(([tex, display]) => { try { return katex.renderToString(tex, "
               "{displayMode: display, throwOnError: true, strict: 'ignore', trust: false, "
               "maxSize: 20, "
               "maxExpand: 300, output: 'mathml'}); } catch (error) { return ''; } }))")
        .arg(QString::fromUtf8(QJsonDocument(list).toJson(QJsonDocument::Compact)));
}

} // namespace

FormulaPage::FormulaPage(bool usable, QObject* parent) : QObject(parent), m_usable(usable)
{
    m_patience.setSingleShot(true);
    m_patience.setInterval(patience);
    connect(&m_patience, &QTimer::timeout, this, &FormulaPage::finish);
}

FormulaPage::~FormulaPage()
{
    if (m_page)
        m_page->disconnect(this);
    m_page.reset(); // before what its callbacks know
}

void FormulaPage::makePage()
{
    m_profile = std::make_unique<TranscriptProfile>();
    m_page = std::make_unique<TranscriptPage>(m_profile.get());
    connect(m_page.get(), &TranscriptPage::ready, this, [this] {
        m_ready = true;
        if (m_busy)
            renderSome();
    });
    connect(m_page.get(), &TranscriptPage::lost, this, [this] {
        m_ready = false;
        if (m_busy)
            finish();
    });
}

void FormulaPage::render(const QList<Formula>& formulas)
{
    stop();
    m_waiting = formulas.mid(0, mostFormulas);
    m_waiting.removeIf([](const Formula& f) { return f.tex.size() > longestFormula; });
    m_busy = true;
    if (m_waiting.isEmpty() || !m_usable) {
        QTimer::singleShot(0, this, [this, job = m_job] {
            if (job == m_job)
                finish();
        });
        return;
    }
    m_patience.start();
    if (!m_page)
        makePage();
    if (m_ready)
        renderSome();
    else
        m_page->start();
}

void FormulaPage::stop()
{
    ++m_job;
    m_busy = false;
    m_patience.stop();
    m_waiting.clear();
    m_table.clear();
}

void FormulaPage::renderSome()
{
    const qsizetype count = std::min(together, m_waiting.size());
    m_page->run(scriptFor(m_waiting.mid(0, count)),
                [this, count, job = m_job](const QVariant& value) {
                    if (job == m_job)
                        take(value.toString(), count);
                });
}

void FormulaPage::take(const QString& json, qsizetype count)
{
    const QJsonArray list = QJsonDocument::fromJson(json.toUtf8()).array();
    for (qsizetype i = 0; i < std::min(count, list.size()); ++i) {
        const QString safe = safeMathMl(list.at(i).toString());
        if (!safe.isEmpty())
            m_table.insert(m_waiting.at(i), safe);
    }
    m_waiting.remove(0, count);
    m_patience.start();
    if (m_waiting.isEmpty())
        finish();
    else
        renderSome();
}

void FormulaPage::finish()
{
    const FormulaTable table = std::exchange(m_table, {});
    stop();
    emit rendered(table);
}

} // namespace argali::gui
