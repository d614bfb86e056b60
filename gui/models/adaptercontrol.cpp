#include "gui/models/adaptercontrol.h"

#include <algorithm>

#include <QDir>
#include <QFileDialog>
#include <QFileInfo>
#include <QMenu>

#include "gui/chat/chatoptions.h"
#include "gui/displayname.h"
#include "gui/models/alphaquestion.h"
#include "gui/models/modelchooser.h"
#include "gui/models/shownmodel.h"
#include "gui/remote/sourcechoice.h"
#include "gui/statusline.h"
#include "gui/widgets/icon.h"

namespace argali::gui {
namespace {

QString menuText(const QString& name)
{
    return displayName(name).replace(QLatin1Char('&'), QLatin1String("&&"));
}

} // namespace

AdapterControl::AdapterControl(const Parts& parts, QWidget* window)
    : QObject(window),
      m_parts(parts),
      m_window(window),
      m_menu(new QMenu(window)),
      m_removing(new QMenu(window))
{
    m_menu->setToolTipsVisible(true);
    m_removing->setToolTipsVisible(true);
    m_removing->setTitle(tr("Remove an adapter"));
    m_removing->setIcon(icon(QStringLiteral("trash")));
    parts.chooser.offerAdapters(m_menu);
    const auto show = [this] { showState(); };
    connect(m_menu, &QMenu::aboutToShow, this, &AdapterControl::fillMenu);
    connect(&parts.adapters, &ModelAdapters::changed, this, &AdapterControl::passOn);
    connect(&parts.adapters, &ModelAdapters::added, this, &AdapterControl::noteAdded);
    connect(&parts.adapters, &ModelAdapters::refused, this, &AdapterControl::noteRefused);
    connect(&parts.adapters, &ModelAdapters::lost, this, &AdapterControl::noteLost);
    connect(&parts.adapters, &ModelAdapters::removed, this, &AdapterControl::noteRemoved);
    connect(&parts.shown, &ShownModel::changed, this, show);
    connect(&parts.options, &ChatOptions::changed, this, show);
    if (parts.sources)
        connect(parts.sources, &SourceChoice::changed, this, show);
    showState();
}

/// What the window shows of the model is made anew with it; not for one that is only being read.
void AdapterControl::passOn()
{
    const QList<LoadedAdapter>& list = m_parts.adapters.list();
    const std::optional<LoadedModel>& model = m_parts.shown.model();
    const auto isSame = [](const LoadedAdapter& a, const LoadedAdapter& b) {
        return a.known == b.known && a.isReady() == b.isReady();
    };
    if (model && std::equal(list.begin(), list.end(), model->adapters.begin(),
                            model->adapters.end(), isSame))
        showState();
    else
        m_parts.shown.setAdapters(list);
}

AlphaQuestion* AdapterControl::alphaQuestion() const
{
    return m_question;
}

/// The adapter that answers in the chat that is open; empty: none.
QString AdapterControl::chosen() const
{
    const LoadedAdapter* adapter = m_parts.adapters.find(m_parts.options.current().adapter);
    return adapter && adapter->isReady() ? adapter->known.name : QString();
}

/// Why nothing can be chosen now; empty when something can.
QString AdapterControl::obstacle() const
{
    if (m_parts.sources && !m_parts.sources->isLocal())
        return tr("A server answers in this chat. Adapters are for models on this computer.");
    if (m_parts.shown.isLoading())
        return tr("The model is still being loaded.");
    if (!m_parts.shown.model())
        return tr("No model is open.");
    return {};
}

void AdapterControl::showState()
{
    const QString name = obstacle().isEmpty() ? chosen() : QString();
    m_parts.chooser.setAdapter(name);
    //: a menu; %1 is the adapter that is in use
    m_menu->setTitle(name.isEmpty() ? tr("Adapters") : tr("Adapter: %1").arg(menuText(name)));
    if (m_menu->isVisible())
        fillMenu();
}

QAction* AdapterControl::addNote(const QString& text)
{
    const QString tip = plainToolTip(text);
    QAction* note = m_menu->addAction(QString(text).replace(QLatin1Char('&'), QLatin1String("&&")));
    note->setToolTip(tip);
    note->setEnabled(false);
    return note;
}

void AdapterControl::fillMenu()
{
    m_menu->clear();
    const QString reason = obstacle();
    if (!reason.isEmpty()) {
        addNote(reason);
        m_menu->addSeparator();
    }
    addChoices();
    m_menu->addSeparator();
    addAdding();
    addRemoving();
    if (reason.isEmpty())
        return;
    for (QAction* action : m_menu->actions()) {
        action->setEnabled(false);
        action->setToolTip(plainToolTip(reason));
    }
}

void AdapterControl::addChoices()
{
    const QString now = chosen();
    const auto add = [&](const QString& text, const QString& name) {
        QAction* action = m_menu->addAction(text);
        action->setCheckable(true);
        action->setChecked(name == now);
        connect(action, &QAction::triggered, this,
                [this, name] { m_parts.options.setAdapter(m_parts.options.chat(), name); });
        return action;
    };
    add(tr("None in this chat"), {})->setToolTip(tr("The model answers as it is"));
    for (const LoadedAdapter& adapter : m_parts.adapters.list()) {
        QAction* action = add(menuText(adapter.known.name), adapter.known.name);
        action->setToolTip(plainToolTip(adapter.known.path));
        if (adapter.isReady())
            continue;
        action->setEnabled(false);
        //: an adapter in a menu
        action->setText(tr("%1 (not loaded)").arg(menuText(adapter.known.name)));
        action->setToolTip(
            plainToolTip(adapterSentence(*adapter.failure, m_parts.adapters.isOnCard()) +
                         QLatin1Char('\n') + adapter.failure->details()));
    }
    const QString wanted = m_parts.options.current().adapter;
    if (!wanted.isEmpty() && !m_parts.adapters.find(wanted))
        //: an adapter in a menu
        addNote(tr("%1 (not one of this model)").arg(displayName(wanted)));
}

void AdapterControl::addAdding()
{
    const bool isReading = m_parts.adapters.reading().has_value();
    if (isReading)
        addNote(tr("%1 is being read…").arg(displayName(m_parts.adapters.reading()->name)));
    QAction* folder =
        m_menu->addAction(icon(QStringLiteral("folder")), tr("Add an adapter folder…"));
    folder->setToolTip(tr("A LoRA, a projector or a P-Tuning prefix for this model"));
    folder->setEnabled(!isReading);
    connect(folder, &QAction::triggered, this, [this] { choose(true); });
    QAction* file = m_menu->addAction(icon(QStringLiteral("plus")), tr("Add an adapter file…"));
    file->setToolTip(tr("A projector, or the trained part of an XTuner run"));
    file->setEnabled(!isReading);
    connect(file, &QAction::triggered, this, [this] { choose(false); });
}

void AdapterControl::addRemoving()
{
    m_removing->clear();
    for (const LoadedAdapter& adapter : m_parts.adapters.list()) {
        const QString name = adapter.known.name;
        QAction* action = m_removing->addAction(menuText(name));
        action->setToolTip(tr("Takes it off this list; its files stay"));
        connect(action, &QAction::triggered, this, [this, name] { m_parts.adapters.remove(name); });
    }
    if (!m_removing->isEmpty())
        m_menu->addMenu(m_removing);
}

void AdapterControl::choose(bool isFolder)
{
    auto* dialog = new QFileDialog(m_window, tr("Add an adapter"));
    dialog->setAttribute(Qt::WA_DeleteOnClose);
    if (isFolder) {
        dialog->setFileMode(QFileDialog::Directory);
        dialog->setOption(QFileDialog::ShowDirsOnly);
    } else {
        dialog->setFileMode(QFileDialog::ExistingFile);
        dialog->setNameFilters(
            {tr("Adapters (*.bin *.pth *.pt *.safetensors *.json)"), tr("All files (*)")});
    }
    const QList<LoadedAdapter>& list = m_parts.adapters.list();
    dialog->setDirectory(list.isEmpty() ? QDir::homePath()
                                        : QFileInfo(list.last().known.path).absolutePath());
    connect(dialog, &QFileDialog::fileSelected, this, &AdapterControl::add);
    dialog->open();
}

void AdapterControl::add(const QString& path)
{
    const QFileInfo info(path); // a folder of that ending is a run that has to be converted first
    if (info.isDir() || info.suffix() != QLatin1String("pth")) {
        begin(path, {}, {});
        return;
    }
    m_question = new AlphaQuestion(path, m_window);
    m_question->setAttribute(Qt::WA_DeleteOnClose);
    connect(m_question, &QDialog::accepted, this,
            [this, path] { begin(path, m_question->textAlpha(), m_question->visionAlpha()); });
    m_question->open();
}

void AdapterControl::begin(const QString& path, std::optional<double> textAlpha,
                           std::optional<double> visionAlpha)
{
    m_parts.adapters.add(path, m_parts.options.chat(), textAlpha, visionAlpha);
    if (m_parts.adapters.reading())
        m_parts.status.setMessage(
            tr("The adapter %1 is being read.").arg(displayName(m_parts.adapters.reading()->name)));
}

void AdapterControl::noteAdded(const QString& name, quint64 chat)
{
    m_parts.options.setAdapter(chat, name);
    m_parts.status.setMessage(
        (chat == m_parts.options.chat()
             ? tr("The adapter %1 answers in this chat from the next question on.")
             : tr("The adapter %1 is loaded. It answers in the chat that it was added in."))
            .arg(displayName(name)));
}

void AdapterControl::noteRefused(const QString& name, const Failure& failure)
{
    //: name of an adapter, and why not
    m_parts.status.setMessage(
        tr("The adapter %1 was not added. %2").arg(displayName(name), failure.sentence()), true);
    m_parts.status.setDetails(failure.details());
}

void AdapterControl::noteLost(const QList<LoadedAdapter>& adapters)
{
    const Failure& first = *adapters.first().failure;
    const QString name = displayName(adapters.first().known.name);
    m_parts.status.setMessage(
        adapters.size() == 1
            //: name of an adapter, and why not
            ? tr("The adapter %1 was not loaded. %2")
                  .arg(name, adapterSentence(first, m_parts.adapters.isOnCard()))
            : tr("%Ln adapter(s) of this model were not loaded. The menu of adapters says why.",
                 nullptr, int(adapters.size())),
        true);
    QStringList details;
    for (const LoadedAdapter& adapter : adapters)
        details.append(adapter.failure->details());
    m_parts.status.setDetails(details.join(QLatin1Char('\n')));
}

void AdapterControl::noteRemoved(const QString& name)
{
    if (m_parts.options.current().adapter == name)
        m_parts.options.setAdapter(m_parts.options.chat(), {});
    m_parts.status.setMessage(
        tr("The adapter %1 was removed from the list. Its files stay.").arg(displayName(name)));
}

} // namespace argali::gui
