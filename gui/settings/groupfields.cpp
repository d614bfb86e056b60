#include "gui/settings/groupfields.h"

#include <algorithm>
#include <cmath>

#include <QCompleter>
#include <QHBoxLayout>
#include <QLabel>
#include <QLineEdit>
#include <QLocale>
#include <QSpinBox>
#include <QStringListModel>
#include <QVBoxLayout>

#include "gui/chat/conversationbook.h"
#include "gui/displayname.h"
#include "gui/remote/profilestore.h"
#include "gui/settings/settingspage.h"
#include "gui/theme.h"
#include "gui/widgets/segmentedcontrol.h"

namespace argali::gui {
namespace {

/// A row of its own, so that it can be hidden.
void fillRow(QWidget* row, const QString& caption, QWidget* control)
{
    auto* label = new QLabel(caption, row);
    makeWrapping(label);
    label->setBuddy(control);
    auto* line = new QHBoxLayout(row);
    line->setContentsMargins(0, 0, 0, 0);
    line->addWidget(label, 1);
    line->addWidget(control);
}

QStringList groupsIn(const ProfileStore& store)
{
    QStringList groups;
    for (const ConnectionProfile& profile : store.profiles()) {
        if (!profile.group.isEmpty() && !groups.contains(profile.group))
            groups.append(profile.group);
    }
    return groups;
}

} // namespace

GroupFields::GroupFields(ProfileStore& store, QWidget* parent)
    : QWidget(parent),
      m_store(store),
      m_name(new QLineEdit(this)),
      m_modeRow(new QWidget(this)),
      m_mode(new SegmentedControl({tr("In order"), tr("By share")}, m_modeRow)),
      m_weightRow(new QWidget(this)),
      m_weight(new QSpinBox(m_weightRow)),
      m_note(new QLabel(this))
{
    auto* caption = new QLabel(tr("Group: servers that answer for each other"), this);
    makeWrapping(caption);
    caption->setBuddy(m_name);
    m_name->setProperty("field", true); // framed by the style sheet
    m_name->setMaxLength(ConnectionProfile::longestName);
    m_name->setPlaceholderText(tr("None: this server answers alone"));
    m_name->setAccessibleName(tr("Name of the group"));
    m_mode->segment(0)->setAccessibleName(tr("The group is asked in the order of the list"));
    m_mode->segment(1)->setAccessibleName(tr("The group is asked by share"));
    m_weight->setRange(1, ConnectionProfile::largestWeight);
    m_weight->setButtonSymbols(QAbstractSpinBox::NoButtons);
    m_weight->setAccessibleName(tr("Share of the questions"));
    m_note->setTextFormat(Qt::PlainText);
    makeWrapping(m_note);
    m_note->setFont(scaledFont(font(), 0.92));
    m_note->setForegroundRole(QPalette::PlaceholderText);
    fillRow(m_modeRow, tr("Its servers are asked"), m_mode);
    fillRow(m_weightRow, tr("Share of this server, beside those of the others"), m_weight);
    auto* column = new QVBoxLayout(this);
    column->setContentsMargins(0, 0, 0, 0);
    column->setSpacing(6);
    column->addWidget(caption);
    column->addWidget(m_name);
    column->addWidget(m_modeRow);
    column->addWidget(m_weightRow);
    column->addWidget(m_note);
    connect(m_name, &QLineEdit::textChanged, this, &GroupFields::showState);
    connect(m_name, &QLineEdit::textEdited, this, &GroupFields::takeKnownMode);
    connect(m_mode, &SegmentedControl::currentChanged, this, &GroupFields::showState);
    showState();
}

void GroupFields::fill(const ConnectionProfile& profile)
{
    auto* completer = new QCompleter(groupsIn(m_store), m_name);
    completer->setCaseSensitivity(Qt::CaseInsensitive);
    connect(completer, qOverload<const QString&>(&QCompleter::activated), this,
            &GroupFields::takeKnownMode, Qt::QueuedConnection); // once the field has it
    m_name->setCompleter(completer);
    m_name->setText(profile.group);
    m_mode->setCurrentIndex(int(profile.groupMode));
    m_weight->setValue(profile.weight);
    showState();
}

void GroupFields::writeTo(ConnectionProfile& profile) const
{
    profile.group = cleanName(m_name->text());
    profile.groupMode = GroupMode(m_mode->currentIndex());
    profile.weight = m_weight->value();
}

/// Who joins a group takes it as it is.
void GroupFields::takeKnownMode()
{
    const QString name = cleanName(m_name->text());
    for (const ConnectionProfile& profile : m_store.profiles()) {
        if (!name.isEmpty() && profile.group == name)
            return m_mode->setCurrentIndex(int(profile.groupMode));
    }
}

void GroupFields::showState()
{
    const bool isIn = !cleanName(m_name->text()).isEmpty();
    const bool isWeighted = m_mode->currentIndex() == int(GroupMode::Weighted);
    m_modeRow->setVisible(isIn);
    m_weightRow->setVisible(isIn && isWeighted);
    m_note->setVisible(isIn);
    m_note->setText(isWeighted ? tr("Each question goes to one of the servers, by chance and as "
                                    "often as its share says; when it fails, to another one. "
                                    "Only models of the same name are shared.")
                               : tr("The first of the list that can answers, the next one when it "
                                    "fails. The arrows in the list change the order. Only models "
                                    "of the same name are shared."));
}

QString GroupFields::note() const
{
    return m_note->isHidden() ? QString() : m_note->text();
}

QString groupSentence(const ProfileStore& store, const ConnectionProfile& profile)
{
    if (profile.group.isEmpty())
        return {};
    const QString group = displayName(profile.group);
    int place = 0;
    int count = 0;
    int sum = 0;
    for (const ConnectionProfile& other : store.profiles()) {
        if (other.group != profile.group)
            continue;
        ++count;
        sum += other.weight;
        if (other.id == profile.id)
            place = count;
    }
    if (count < 2)
        return GroupFields::tr("Alone in the group “%1”; name it for another server, too.")
            .arg(group);
    const QLocale locale;
    if (profile.groupMode == GroupMode::Weighted)
        //: %2: a number
        return GroupFields::tr("In the group “%1”; it gets about %2 % of the questions.")
            .arg(group, locale.toString(int(std::lround(100.0 * profile.weight / sum))));
    if (place == 1)
        return GroupFields::tr("In the group “%1”; it is asked first.").arg(group);
    //: %2 and %3: numbers
    return GroupFields::tr("In the group “%1”, place %2 of %3; it is asked when those before it "
                           "fail.")
        .arg(group, locale.toString(place), locale.toString(count));
}

} // namespace argali::gui
