// SPDX-License-Identifier: Apache-2.0
// godwit-desktop: a small messenger for the desktop, on the public C++ API alone.
//
//   session       a client in Qt's event loop        live_list    lists that godwit keeps up to date, as Qt's models
//   main_window   side_panel | call_panel, chat_view (message_delegate, chat_menu); welcome, safety_dialog,
//   group_dialog words         everything that is said, in the language that is chosen (language, translations/)
#include "language.hpp"
#include "main_window.hpp"
#include "words.hpp"

#include <QApplication>
#include <QCommandLineParser>
#include <QDir>
#include <QInputDialog>
#include <QMessageBox>
#include <QSettings>
#include <QStandardPaths>

namespace {

/// The client of a home; asks for the passphrase when it has one. Null: the user gave up.
std::unique_ptr<godwit::Client> open_home(const QString& home, bool loopback)
{
    godwit::ClientOptions options;
    options.home = home.toStdString();
    options.allow_loopback = loopback;
    while (true) {
        auto opened = godwit::Client::open(options);
        if (opened.ok()) return std::move(opened).value();
        if (opened.error().code != godwit::ErrorCode::wrong_key) {
            QMessageBox box(QMessageBox::Critical, QStringLiteral("godwit"), Words::error(opened.error()));
            box.setTextFormat(Qt::PlainText);
            box.exec();
            return nullptr;
        }
        bool given = false;
        const auto passphrase = QInputDialog::getText(nullptr, QStringLiteral("godwit"), Words::error(opened.error()),
                                                      QLineEdit::Password, {}, &given);
        if (!given) return nullptr;
        options.passphrase = passphrase.toStdString();
    }
}

} // namespace

int main(int count, char** words)
{
    QApplication application(count, words);
    QApplication::setApplicationName(QStringLiteral("godwit-desktop"));
    QApplication::setOrganizationName(QStringLiteral("godwit"));
    QCommandLineParser parser;
    parser.setApplicationDescription(QStringLiteral("A messenger: device to device, end-to-end encrypted."));
    parser.addHelpOption();
    const QCommandLineOption home({QStringLiteral("home")}, QStringLiteral("Folder of this device's account."),
                                  QStringLiteral("folder")),
        loopback({QStringLiteral("loopback")},
                 QStringLiteral("Direct paths may use loopback addresses: to try it out on one machine.")),
        name({QStringLiteral("language")}, QStringLiteral("en or zh_CN; default: as chosen, or the system's."),
             QStringLiteral("name")),
        microphone({QStringLiteral("microphone")},
                   QStringLiteral("A sound file, or \"tone\", in place of the microphone."), QStringLiteral("file")),
        camera({QStringLiteral("camera")},
               QStringLiteral("A Y4M file, or \"pattern\": what the other side sees of this one."),
               QStringLiteral("file"));
    parser.addOptions({home, loopback, name, microphone, camera});
    parser.process(application);
    language::choose(parser.isSet(name) ? parser.value(name)
                                        : QSettings().value(QStringLiteral("language")).toString());

    const auto folder =
        parser.isSet(home) ? parser.value(home) : QStandardPaths::writableLocation(QStandardPaths::AppDataLocation);
    QDir().mkpath(QFileInfo(folder).absolutePath());
    auto client = open_home(folder, parser.isSet(loopback));
    if (!client) return 1;
    godwit::CallDevices devices;
    if (parser.isSet(microphone)) devices.audio_source = parser.value(microphone).toStdString();
    devices.video_source = parser.isSet(camera) ? parser.value(camera).toStdString() : "none";
    MainWindow window(std::make_unique<Session>(std::move(client)), devices);
    window.show();
    return QApplication::exec();
}
