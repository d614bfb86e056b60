#include "gui/settings/aboutpage.h"

#include <QCoreApplication>
#include <QFileInfo>
#include <QHBoxLayout>
#include <QLabel>
#include <QLineEdit>
#include <QVBoxLayout>

#include "gui/logfile.h"
#include "gui/theme.h"
#include "gui/widgets/button.h"
#include "gui/widgets/icon.h"

namespace argali::gui {

AboutPage::AboutPage(QWidget* parent) : SettingsPage(parent)
{
    auto* mark = new QLabel(this);
    mark->setPixmap(iconPixmap(QStringLiteral("argali"), 40, Qt::black, devicePixelRatioF()));
    auto* name =
        new QLabel(QStringLiteral("Argali %1").arg(QCoreApplication::applicationVersion()), this);
    name->setFont(scaledFont(font(), 1.3, QFont::DemiBold));
    name->setTextInteractionFlags(Qt::TextSelectableByMouse);
    auto* head = new QHBoxLayout;
    head->setSpacing(12);
    head->addWidget(mark);
    head->addWidget(name, 1);
    column()->addLayout(head);
    addText(tr("Chat about pictures and films, on this computer."));
    addHint(tr("Argali is free software under the Apache License, version 2.0."));

    addHeading(tr("Built on"));
    addText(tr("Each of these has a licence of its own, which comes with it:"));
    // Names and licences are the same in every language.
    addHint(QStringLiteral("Qt %1, Qt WebEngine (LGPL 3; Chromium: BSD)\n"
                           "FFmpeg (LGPL 2.1 or later, or GPL, as it was built)\n"
                           "libheif (LGPL 3)\n"
                           "SQLite (public domain)\n"
                           "md4c, KaTeX, nlohmann-json, utf8proc (MIT)\n"
                           "highlight.js (BSD 3-Clause)\n"
                           "OpenSSL (Apache 2.0)")
                .arg(QString::fromLatin1(qVersion())));

    addHeading(tr("Log"));
    const QString log = logFileName();
    if (log.isEmpty()) {
        addHint(tr("This session has no log file."));
    } else {
        addHint(tr("What went wrong stands here; never what you wrote or were answered."));
        auto* row = new QHBoxLayout;
        row->setSpacing(8);
        row->addWidget(pathField(log, tr("Log file"), this), 1);
        row->addWidget(openFolderButton(QFileInfo(log).absolutePath(),
                                        tr("Open the folder of the log"), this));
        column()->addLayout(row);
    }
    finish();
}

} // namespace argali::gui
