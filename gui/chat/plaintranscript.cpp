#include "gui/chat/plaintranscript.h"

#include <algorithm>

#include <QApplication>
#include <QHBoxLayout>
#include <QLabel>
#include <QPushButton>
#include <QScrollBar>
#include <QTextBrowser>
#include <QTextCursor>
#include <QUrl>
#include <QVBoxLayout>

#include "gui/theme.h"

namespace argali::gui {
namespace {

constexpr int updatePause = 120; // ms between two updates

} // namespace

/// Shows what it is given and reads no file and no address, whatever a text says.
class PlainTranscript::Browser final : public QTextBrowser {
public:
    using QTextBrowser::QTextBrowser;
    QVariant loadResource(int, const QUrl&) override { return {}; }
};

PlainTranscript::PlainTranscript(const Turns& turns, QWidget* parent)
    : QWidget(parent),
      m_turns(turns),
      m_notice(new QWidget(this)),
      m_sentence(new QLabel(m_notice)),
      m_button(new QPushButton(m_notice)),
      m_browser(new Browser(this))
{
    m_sentence->setWordWrap(true);
    m_sentence->setTextFormat(Qt::PlainText);
    auto* row = new QHBoxLayout(m_notice);
    row->setContentsMargins(16, 8, 16, 8);
    row->addWidget(m_sentence, 1);
    row->addWidget(m_button);
    m_notice->hide();
    m_browser->setOpenLinks(false);
    m_browser->setUndoRedoEnabled(false);
    m_browser->setFrameShape(QFrame::NoFrame);
    m_browser->setAccessibleName(tr("Transcript"));
    m_browser->document()->setDocumentMargin(24);
    auto* column = new QVBoxLayout(this);
    column->setContentsMargins(0, 0, 0, 0);
    column->setSpacing(0);
    column->addWidget(m_notice);
    column->addWidget(m_browser, 1);
    setFocusProxy(m_browser);
    m_timer.setSingleShot(true);
    m_timer.setInterval(updatePause);
    connect(&m_timer, &QTimer::timeout, this, &PlainTranscript::update);
    connect(m_button, &QPushButton::clicked, this, &PlainTranscript::noticeButtonPressed);
    connect(m_browser, &QTextBrowser::anchorClicked, this, &PlainTranscript::activate);
}

void PlainTranscript::setNotice(const QString& sentence, const QString& button)
{
    m_sentence->setText(sentence);
    m_button->setText(button);
    m_button->setVisible(!button.isEmpty());
    m_notice->setVisible(!sentence.isEmpty());
}

void PlainTranscript::setZoom(int percent)
{
    m_zoom = percent;
    m_browser->setFont(scaledFont(font(), percent / 100.0));
}

void PlainTranscript::noteChanged(quint64 turn)
{
    const auto place = [this](quint64 id) {
        return std::find_if(m_turns.begin(), m_turns.end(),
                            [id](const auto& t) { return t->id() == id; });
    };
    if (m_from == 0 || place(turn) < place(m_from))
        m_from = turn;
    if (!m_timer.isActive())
        m_timer.start();
}

void PlainTranscript::showAll()
{
    m_all = true;
    update();
}

void PlainTranscript::update()
{
    QScrollBar* bar = m_browser->verticalScrollBar();
    const bool atEnd = bar->value() >= bar->maximum() - 2;
    const int top = bar->value();
    auto first = std::find_if(m_turns.begin(), m_turns.end(),
                              [this](const auto& t) { return t->id() == m_from; });
    QTextCursor cursor(m_browser->document());
    if (m_all || m_begins.empty() || first == m_turns.begin() || first == m_turns.end() ||
        !m_begins.contains((*first)->id())) {
        first = m_turns.begin();
        m_browser->clear();
        m_begins.clear();
    } else {
        cursor.setPosition(m_begins[(*first)->id()]);
        cursor.movePosition(QTextCursor::End, QTextCursor::KeepAnchor);
        cursor.removeSelectedText();
    }
    cursor.beginEditBlock();
    for (auto turn = first; turn != m_turns.end(); ++turn) {
        cursor.movePosition(QTextCursor::End);
        if (turn != m_turns.begin())
            cursor.insertBlock(QTextBlockFormat(), QTextCharFormat());
        m_begins[(*turn)->id()] = cursor.position();
        cursor.insertHtml((*turn)->toRichText());
    }
    cursor.endEditBlock();
    m_all = false;
    m_from = 0;
    bar->setValue(atEnd ? bar->maximum() : top);
}

void PlainTranscript::scrollTo(quint64 turn)
{
    update();
    const auto place = m_begins.find(turn);
    if (place == m_begins.end())
        return;
    QTextCursor cursor(m_browser->document());
    cursor.movePosition(QTextCursor::End);
    m_browser->setTextCursor(cursor); // from below, so that the turn comes to the top
    cursor.setPosition(place->second);
    m_browser->setTextCursor(cursor);
    m_browser->verticalScrollBar()->setValue(m_browser->verticalScrollBar()->value() +
                                             m_browser->cursorRect().top());
}

std::pair<int, int> PlainTranscript::find(const QString& text, bool backward)
{
    QTextDocument* document = m_browser->document();
    if (text.isEmpty()) {
        QTextCursor cursor = m_browser->textCursor();
        cursor.clearSelection();
        m_browser->setTextCursor(cursor);
        return {0, 0};
    }
    QTextDocument::FindFlags flags;
    if (backward)
        flags |= QTextDocument::FindBackward;
    QTextCursor next = document->find(text, m_browser->textCursor(), flags);
    if (next.isNull()) { // round the end
        QTextCursor edge(document);
        edge.movePosition(backward ? QTextCursor::End : QTextCursor::Start);
        next = document->find(text, edge, flags);
    }
    if (next.isNull())
        return {0, 0};
    m_browser->setTextCursor(next);
    int count = 0;
    int active = 0;
    for (QTextCursor at(document); !(at = document->find(text, at)).isNull();) {
        ++count;
        if (at.selectionStart() == next.selectionStart())
            active = count;
    }
    return {active, count};
}

void PlainTranscript::activate(const QUrl& url)
{
    if (url.scheme() != QLatin1String("turn")) {
        emit linkActivated(url);
        return;
    }
    // turn:7/copy
    const QString path = url.path();
    const qsizetype slash = path.indexOf(QLatin1Char('/'));
    emit chosen(path.left(slash).toULongLong(), path.mid(slash + 1));
}

} // namespace argali::gui
