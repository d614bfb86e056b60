#pragma once

#include <memory>

#include <QObject>
#include <QTimer>

#include "gui/exchange/formulas.h"

namespace argali::gui {

class TranscriptPage;
class TranscriptProfile;

/// Makes MathML of formulas, with a page that draws the transcript's. It is made when the first
/// formula comes; where none can be had, or one does not answer, formulas stay without MathML.
/// Thread: GUI. Never waits for the page.
class FormulaPage final : public QObject {
    Q_OBJECT
public:
    /// usable: false makes no page at all
    explicit FormulaPage(bool usable, QObject* parent = nullptr);
    ~FormulaPage() override;

    /// rendered() follows, with those that could be made. What was asked before is given up.
    void render(const QList<Formula>& formulas);
    void stop(); ///< Nothing follows.

    static constexpr qsizetype mostFormulas = 20'000; ///< of one chat
    static constexpr qsizetype longestFormula = 8000; ///< characters
    static constexpr std::chrono::milliseconds patience{20'000};

signals:
    void rendered(const argali::gui::FormulaTable& table);

private:
    void makePage();
    void renderSome();
    void take(const QString& json, qsizetype count);
    void finish();

    const bool m_usable;
    std::unique_ptr<TranscriptProfile> m_profile; // outlives its page
    std::unique_ptr<TranscriptPage> m_page;
    bool m_ready = false;
    QList<Formula> m_waiting;
    FormulaTable m_table;
    quint64 m_job = 0;
    bool m_busy = false;
    QTimer m_patience;
};

} // namespace argali::gui
