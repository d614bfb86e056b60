#pragma once

#include <functional>
#include <memory>

#include <QApplication>
#include <QEventLoop>
#include <QImage>
#include <QLocale>
#include <QStringList>
#include <QTest>
#include <QTimer>
#include <QWebEngineScript>

#include "gui/chat/transcriptview.h"

namespace argali::gui {

inline constexpr int patience =
    60'000; // milliseconds; the machine may be busy, and sanitizers are slow

/// A recorded answer of tests/data/replies, and all of them.
QString reply(const char* name);
QStringList replies();

QImage picture(int width, int height, QImage::Format format = QImage::Format_RGB32);

/// What the page answers, waited for in an event loop: QTest's own waits sleep between events, of
/// which the page needs many.
template <class T> class PageAnswer {
public:
    std::function<void(const T&)> taker()
    {
        return [state = m_state](const T& value) {
            state->value = value;
            state->loop.exit(1);
            state->isThere = true;
        };
    }
    T value()
    {
        QTimer::singleShot(patience, &m_state->loop, &QEventLoop::quit);
        if (!m_state->isThere && m_state->loop.exec() == 0)
            qWarning("the page does not answer");
        return m_state->value;
    }

private:
    struct State {
        QEventLoop loop;
        T value{};
        bool isThere = false;
    };
    std::shared_ptr<State> m_state = std::make_shared<State>(); // an answer may come too late
};

/// A transcript with its real page for each test. The page is kept from test to test, since making
/// it takes a while, and every test ends with a look at what it loaded and whether a script failed.
class PageTest : public QObject {
    Q_OBJECT
protected slots:
    void init();
    void cleanup();

protected:
    QVariant evaluate(const QString& script, quint32 world = QWebEngineScript::ApplicationWorld);
    QString dom(quint64 turn);  ///< the answer as text
    QString html(quint64 turn); ///< and as it is built
    /// A turn with a question, and one with its whole answer.
    void start(quint64 turn);
    void ask(quint64 turn, const QString& answer);
    /// Waits until the page shows all that was said, formulas too.
    void settle();

    std::unique_ptr<TranscriptView> m_view;
    bool m_isSpoilt = false; ///< what it counts would fail the next test
};

/// The main() of such a test.
template <class Test> int runPageTest(int argc, char** argv)
{
    TranscriptView::prepare();
    QApplication application(argc, argv);
    QLocale::setDefault(QLocale(QLocale::English, QLocale::UnitedStates));
    Test test;
    return QTest::qExec(&test, argc, argv);
}

} // namespace argali::gui
