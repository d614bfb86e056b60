#include <cerrno>
#include <cstdio>
#include <cstring>
#include <vector>

#include <QApplication>
#include <QFile>
#include <QFileInfo>
#include <QIcon>
#include <QStandardPaths>

#include <linux/close_range.h>
#include <unistd.h>

#include "engine/media/abandonable.h"
#include "gui/application.h"
#include "gui/chat/transcriptview.h"
#include "gui/commandline.h"
#include "gui/logfile.h"
#include "gui/mainwindow.h"
#include "gui/shots.h"
#include "gui/singleinstance.h"

using namespace argali::gui;

namespace {

constexpr const char* helpText =
    "Usage: argali [MODEL] [FILE...] [--new-window] [--trace-start]\n"
    "Argali: chat about pictures and films, on this computer.\n"
    "\n"
    "  MODEL          folder of the model to open; without it the one that was open last,\n"
    "                 at first the pocket model\n"
    "  FILE           pictures, or a film, to ask about\n"
    "                 Where Argali runs already, its window takes both.\n"
    "  --new-window   open another window all the same (--separate is the same)\n"
    "  --trace-start  print to stderr how long the start takes\n"
    "  --version      print the version\n"
    "  --help         print this text\n";

/// By this name a desktop finds the icon and the entry of the window.
constexpr const char* applicationId = "org.argali.Argali";

bool hasDisplay()
{
    return qEnvironmentVariableIsSet("DISPLAY") || qEnvironmentVariableIsSet("WAYLAND_DISPLAY") ||
           qEnvironmentVariableIsSet("QT_QPA_PLATFORM");
}

/// Makes this process a new one that draws the page in software. The files of the command line are
/// in the draft by now. Returns only when that fails.
void goOnInSoftware(const CommandLine& line)
{
    qputenv(PageStart::variable, "software");
    // The helpers of the old page end when nobody holds the other end of what they listen to.
    close_range(3, ~0U, CLOSE_RANGE_CLOEXEC);
    QList<QByteArray> words{QFile::encodeName(QCoreApplication::applicationFilePath())};
    if (line.trace)
        words.append("--trace-start");
    if (!line.modelFolder.isEmpty())
        words.append(QFile::encodeName(line.modelFolder));
    std::vector<char*> arguments;
    for (QByteArray& word : words)
        arguments.push_back(word.data());
    arguments.push_back(nullptr);
    execv(arguments.front(), arguments.data());
    std::fprintf(stderr,
                 "argali: cannot be started again to draw in software: %s; start it with "
                 "ARGALI_TRANSCRIPT=software\n",
                 std::strerror(errno));
}

/// Whether to open a window here; if not, the program that runs already has it all.
bool isFirst(SingleInstance& instance, const StartRequest& request)
{
    const SingleInstance::Role role = instance.claim(request);
    if (role == SingleInstance::Role::Alone)
        std::fputs("argali: Argali runs already, but does not answer; this is another window\n",
                   stderr);
    return role != SingleInstance::Role::HandedOver;
}

} // namespace

int main(int argc, char** argv)
{
    QStringList arguments;
    for (int i = 0; i < argc; ++i)
        arguments.append(QString::fromLocal8Bit(argv[i]));
    const CommandLine line = CommandLine::read(arguments);
    if (!line.error.isEmpty()) {
        std::fprintf(stderr, "argali: %s (see argali --help)\n", qPrintable(line.error));
        return 2;
    }
    if (line.wantsHelp) {
        std::fputs(helpText, stdout);
        return 0;
    }
    if (line.wantsVersion) {
        std::printf("argali %s\n", ARGALI_VERSION);
        return 0;
    }
    const StartupTrace trace(line.trace);
    trace.mark("program started");
    if (!line.shotsFolder.isEmpty()) {
        qputenv("QT_QPA_PLATFORM", "offscreen");
    } else if (!hasDisplay()) {
        std::fputs("argali: there is no display to open a window on; argali-cli chat does the same "
                   "in a terminal\n",
                   stderr);
        return 1;
    }
    // The toolkit takes the desktop's token away from the environment.
    const StartRequest request{line.modelFolder, line.files,
                               StartRequest::activationOfEnvironment()};
    TranscriptView::prepare(); // its scheme and sandbox are settled before the application is made
    QApplication application(argc, argv);
    QApplication::setApplicationName(QStringLiteral("argali"));
    QApplication::setApplicationDisplayName(QStringLiteral("Argali"));
    QApplication::setApplicationVersion(QStringLiteral(ARGALI_VERSION));
    QApplication::setDesktopFileName(QLatin1String(applicationId));
    QApplication::setWindowIcon(QIcon(QStringLiteral(":/icons/argali.svg")));
    trace.mark("toolkit ready");
    if (!line.shotsFolder.isEmpty())
        return drawShots(line.shotsFolder);
    openLog();
    const Places places = Places::ofUser();
    SingleInstance instance(QStandardPaths::writableLocation(QStandardPaths::RuntimeLocation),
                            QFileInfo(places.historyFile).absolutePath());
    if (!line.separate && !isFirst(instance, request))
        return 0;
    int status = 0;
    {
        Application argali({places, line.modelFolder, trace, line.files});
        argali.start();
        QObject::connect(&instance, &SingleInstance::requested, &argali, &Application::take);
        instance.listen();
        // What comes later is for the next program; this one only finishes its work.
        QObject::connect(&application, &QGuiApplication::lastWindowClosed, &instance,
                         &SingleInstance::release);
        status = QApplication::exec();
    }
    instance.release();
    if (status == PageStart::restartStatus) {
        goOnInSoftware(line);
        status = 1;
    }
    // The settings and the draft are on disk. A huge picture that nobody waits for any more would
    // hold the program until it is decoded.
    if (argali::abandonedWorkGoesOn())
        _exit(status);
    return status;
}
