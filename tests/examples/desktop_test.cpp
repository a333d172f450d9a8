// SPDX-License-Identifier: Apache-2.0
// The desktop client as a person uses it: two windows, a real relay, mouse and keyboard; what is looked at is what is
// on the screen, or in the models that are shown. Each wait ends when its condition holds, or fails after wait_ms.
//
//   desktop_test --relay PROGRAM [--screenshots FOLDER]
#include "call_panel.hpp"
#include "chat_view.hpp"
#include "language.hpp"
#include "live_list.hpp"
#include "main_window.hpp"
#include "side_panel.hpp"

#include <QApplication>
#include <QDialog>
#include <QDir>
#include <QFile>
#include <QFileDialog>
#include <QLabel>
#include <QLineEdit>
#include <QListView>
#include <QListWidget>
#include <QPlainTextEdit>
#include <QProcess>
#include <QPushButton>
#include <QTabWidget>
#include <QTemporaryDir>
#include <QtTest/QTest>

#include <csignal>
#include <cstdio>
#include <cstring>
#include <functional>

#include <unistd.h>

namespace {

constexpr int wait_ms = 180'000; // of a machine that does much else
/// Of all of it: what no wait bounds (a dialog that waits for somebody) is told by name, and ends.
constexpr unsigned story_s = 1500;
int passed = 0, failed = 0;
const char* last_told = "the beginning";

extern "C" void too_long(int)
{
    const auto say = [](const char* text) { (void)!::write(STDOUT_FILENO, text, std::strlen(text)); };
    say("FAIL it hangs after: ");
    say(last_told);
    say("\n");
    ::_exit(1);
}

bool check(bool holds, const char* what)
{
    last_told = what;
    std::printf("%s %s\n", holds ? "ok  " : "FAIL", what);
    std::fflush(stdout);
    ++(holds ? passed : failed);
    return holds;
}

struct StoryEnds {};

/// As soon as it holds. What comes after rests on it, so the story ends where it does not come.
void wait(const char* what, const std::function<bool()>& holds)
{
    if (!check(QTest::qWaitFor(holds, wait_ms), what)) throw StoryEnds{};
}

template <class Widget>
Widget* find(QWidget& in, const char* name)
{
    auto* found = in.findChild<Widget*>(QLatin1String(name));
    if (found == nullptr) {
        std::printf("FAIL no widget %s\n", name);
        std::exit(1);
    }
    return found;
}

class Relay {
public:
    Relay(QString program, const QString& folder) : program_(std::move(program)), folder_(folder) { start(); }
    ~Relay() { stop(); }
    void start()
    {
        process_ = std::make_unique<QProcess>();
        process_->setProcessChannelMode(QProcess::ForwardedErrorChannel);
        // The port that the system gave at first is asked for again.
        process_->start(program_, {QStringLiteral("--data"), folder_, QStringLiteral("--listen"), listen_});
        while (process_->waitForReadyRead(wait_ms)) {
            while (process_->canReadLine()) {
                const auto line = QString::fromUtf8(process_->readLine()).trimmed();
                if (!line.startsWith(QLatin1String("ready "))) continue;
                address_ = line.section(QLatin1Char(' '), 1, 1);
                listen_ = address_.section(QStringLiteral("//"), 1).section(QLatin1Char('#'), 0, 0);
                return;
            }
        }
    }
    void stop()
    {
        process_->terminate();
        process_->waitForFinished(wait_ms);
    }
    [[nodiscard]] QString address() const { return address_; }

private:
    QString program_, folder_, listen_ = QStringLiteral("127.0.0.1:0"), address_;
    std::unique_ptr<QProcess> process_;
};

/// QTest types nothing else.
bool is_latin(const QString& text)
{
    return text.toLatin1() == text.toUtf8();
}

/// One person at one window.
class Person {
public:
    Person(const QString& folder, QString name) : home_(QDir(folder).filePath(name)), name_(std::move(name)) { open(); }

    void open()
    {
        godwit::ClientOptions options;
        options.home = home_.toStdString();
        options.allow_loopback = true;
        auto client = godwit::Client::open(options);
        if (!client.ok()) {
            std::printf("FAIL %s\n", client.error().detail.c_str());
            std::exit(1);
        }
        auto session = std::make_unique<Session>(std::move(client).value());
        session_ = session.get();
        window_ =
            std::make_unique<MainWindow>(std::move(session), godwit::CallDevices{"tone", "none", "pattern", "app"});
        window_->show();
    }
    void close() { window_.reset(); }
    [[nodiscard]] MainWindow& window() { return *window_; }
    [[nodiscard]] Session& session() { return *session_; }
    template <class Widget>
    [[nodiscard]] Widget* get(const char* name)
    {
        return find<Widget>(*window_, name);
    }
    void click(const char* name) { QTest::mouseClick(get<QPushButton>(name), Qt::LeftButton); }
    void click(QListView* view, int row)
    {
        QTest::mouseClick(view->viewport(), Qt::LeftButton, {},
                          view->visualRect(view->model()->index(row, 0)).center());
    }
    void type(const char* name, const QString& text)
    {
        auto* edit = get<QLineEdit>(name);
        edit->clear();
        if (is_latin(text))
            QTest::keyClicks(edit, text);
        else
            edit->insert(text);
    }
    void front()
    {
        window_->raise();
        window_->activateWindow();
        QApplication::setActiveWindow(window_.get());
    }
    [[nodiscard]] QString text(const char* label) { return get<QLabel>(label)->text(); }
    [[nodiscard]] LiveList<godwit::Message>& messages()
    {
        return *static_cast<LiveList<godwit::Message>*>(get<QListView>("messages")->model());
    }
    [[nodiscard]] LiveList<godwit::Conversation>& conversations()
    {
        return *static_cast<LiveList<godwit::Conversation>*>(get<QListView>("conversations")->model());
    }
    /// The message of this text; nullptr: none.
    [[nodiscard]] const godwit::Message* message(const QString& text)
    {
        const auto wanted = text.toStdString();
        return messages().at(messages().row_of([&](const godwit::Message& one) { return one.text == wanted; }));
    }
    void write(const QString& text)
    {
        auto* line = get<QPlainTextEdit>("line");
        if (is_latin(text))
            QTest::keyClicks(line, text);
        else
            line->insertPlainText(text);
        QTest::keyClick(line, Qt::Key_Return);
    }
    [[nodiscard]] bool delivered(const QString& text)
    {
        const auto* one = message(text);
        return one != nullptr && one->state == godwit::MessageState::delivered;
    }
    [[nodiscard]] const QString& name() const { return name_; }

private:
    QString home_, name_;
    Session* session_ = nullptr;
    std::unique_ptr<MainWindow> window_;
};

QString screenshots;

/// For the documents, in both languages.
void picture(QWidget& of, const char* name)
{
    if (screenshots.isEmpty()) return;
    for (const auto* language : {"zh_CN", "en"}) {
        language::choose(QLatin1String(language));
        for (int round = 0; round < 5; ++round) // what has changed is laid out, which asks for more, and drawn
            QApplication::processEvents();
        const auto path =
            QDir(screenshots)
                .filePath(QStringLiteral("%1-%2.png").arg(QLatin1String(name), QLatin1String(language, 2)));
        check(of.grab().save(path), name);
    }
}
void picture(Person& of, const char* name)
{
    picture(of.window(), name);
}

void registers(Person& who, const Relay& relay)
{
    who.type("relay", relay.address());
    who.type("user", who.name());
    who.type("password", QStringLiteral("correct horse"));
    who.click("make");
    wait("an account is made, and connected", [&] { return who.text("connection").startsWith(QStringLiteral("●")); });
}

void meet(Person& alice, Person& bob)
{
    alice.get<QTabWidget>("tabs")->setCurrentIndex(1);
    alice.type("new_contact", QStringLiteral("nobody-of-this-name"));
    alice.click("add");
    bob.get<QTabWidget>("tabs")->setCurrentIndex(1);
    alice.type("new_contact", bob.name());
    alice.click("add");
    wait("a contact request is shown", [&] { return bob.get<QPushButton>("accept")->isVisible(); });
    bob.click("accept");
    const auto accepted = [](Person& who, const Person& other) {
        const auto* one = who.window().side().contact(other.name().toStdString());
        return one != nullptr && one->state == godwit::ContactState::accepted;
    };
    wait("both are contacts", [&] { return accepted(alice, bob) && accepted(bob, alice); });
    check(!bob.get<QPushButton>("accept")->isVisible(), "the request is not shown any more");
}

void talk(Person& alice, Person& bob)
{
    alice.front();
    auto* contacts = alice.get<QListView>("contacts");
    const auto& list = *static_cast<LiveList<godwit::Contact>*>(contacts->model());
    alice.click(contacts, list.row_of([&](const auto& one) { return one.user == bob.name().toStdString(); }));
    check(alice.text("title") == bob.name(), "a click on a contact opens the conversation");
    alice.write(QStringLiteral("hello from Alaska"));
    wait("the message is delivered", [&] { return alice.delivered(QStringLiteral("hello from Alaska")); });
    bob.get<QTabWidget>("tabs")->setCurrentIndex(0);
    wait("the other side counts it as unread",
         [&] { return bob.conversations().row_of([](const auto& one) { return one.unread == 1; }) >= 0; });
    bob.front();
    bob.click(bob.get<QListView>("conversations"),
              bob.conversations().row_of([](const auto& one) { return one.unread == 1; }));
    wait("it is shown", [&] { return bob.message(QStringLiteral("hello from Alaska")) != nullptr; });
    wait("and read", [&] { return bob.conversations().row_of([](const auto& one) { return one.unread > 0; }) < 0; });
    bob.write(QStringLiteral("一路顺风，到新西兰再联系"));
    wait("the answer comes", [&] { return alice.message(QStringLiteral("一路顺风，到新西兰再联系")) != nullptr; });
    wait("and its author sees it delivered", [&] { return bob.delivered(QStringLiteral("一路顺风，到新西兰再联系")); });
    wait("a direct path is found and shown", [&] {
        return alice.text("about").contains(QStringLiteral("direct")) &&
               bob.text("about").contains(QStringLiteral("direct"));
    });
    alice.write(QStringLiteral("11,680 km, no landing"));
    wait("the next message takes it", [&] {
        const auto* one = alice.message(QStringLiteral("11,680 km, no landing"));
        return one != nullptr && one->state == godwit::MessageState::delivered && one->path == godwit::Path::direct;
    });
}

void send_file(Person& alice, Person& bob, const QString& folder)
{
    const auto path = QDir(folder).filePath(QStringLiteral("route.gpx"));
    QFile file(path);
    (void)file.open(QIODevice::WriteOnly);
    file.write(QByteArray(300'000, 'x'));
    file.close();
    bool asked_only = false; // Files of this size come by themselves otherwise.
    bob.session().ask(godwit::request::SetAutoFetch{0}, &bob.window(), [&](const auto&) { asked_only = true; });
    wait("files come when they are asked for", [&] { return asked_only; });
    alice.window().chat().send_file(path);
    const auto row = [&] {
        return bob.messages().row_of(
            [](const auto& one) { return std::holds_alternative<godwit::content::Attachment>(one.body); });
    };
    wait("a file is shown", [&] { return row() >= 0; });
    const auto id = std::get<godwit::content::Attachment>(bob.messages().at(row())->body).file.id;
    auto* view = bob.get<QListView>("messages");
    const auto* delegate = static_cast<MessageDelegate*>(view->itemDelegate());
    bob.front();
    view->scrollToBottom();
    bob.click(view, row());
    wait("a click fetches it", [&] {
        const auto* known = delegate->file(id);
        return known != nullptr && known->state == godwit::FileState::whole && known->done_bytes == 300'000;
    });
    bob.click(view, row());
    auto* dialog = find<QFileDialog>(bob.window(), "save_dialog");
    const auto saved = QDir(folder).filePath(QStringLiteral("saved.gpx"));
    emit dialog->fileSelected(saved);
    dialog->close();
    wait("another click saves it", [&] { return QFile(saved).size() == 300'000; });
}

void search(Person& bob)
{
    bob.type("search", QStringLiteral("alas"));
    auto* hits = bob.get<QListWidget>("hits");
    wait("a search finds what begins so", [&] {
        return hits->isVisible() && hits->count() == 1 && hits->item(0)->text().contains(QStringLiteral("[Alaska]"));
    });
    QTest::mouseClick(hits->viewport(), Qt::LeftButton, {}, hits->visualItemRect(hits->item(0)).center());
    auto* view = bob.get<QListView>("messages");
    wait("a click on a hit leads there",
         [&] { return view->currentIndex().data().toString() == QStringLiteral("hello from Alaska"); });
    bob.type("search", QStringLiteral("西兰"));
    wait("two characters in the middle of a sentence are found", [&] {
        return hits->isVisible() && hits->count() == 1 && hits->item(0)->text().contains(QStringLiteral("新[西兰]再"));
    });
    picture(bob, "desktop-search");
    bob.type("search", QStringLiteral("企鹅"));
    wait("what is not there is not found",
         [&] { return hits->count() == 1 && hits->item(0)->flags() == Qt::NoItemFlags; });
    bob.get<QLineEdit>("search")->clear();
}

/// Its safety dialog, when the number has come.
QDialog* safety(Person& who)
{
    who.click("safety");
    auto* dialog = find<QDialog>(who.window(), "safety_dialog");
    wait("the safety number is shown", [&] { return !find<QLabel>(*dialog, "number")->text().isEmpty(); });
    return dialog;
}

void verify(Person& alice, Person& bob)
{
    auto *hers = safety(alice), *his = safety(bob);
    const auto number = find<QLabel>(*hers, "number")->text();
    check(number.count(QRegularExpression(QStringLiteral("\\d"))) == 60 &&
              number == find<QLabel>(*his, "number")->text(),
          "it has 60 digits, the same on both sides");
    auto* code = find<QLineEdit>(*hers, "their_code");
    code->setText(find<QLineEdit>(*hers, "own_code")->text());
    QTest::mouseClick(find<QPushButton>(*hers, "right"), Qt::LeftButton);
    wait("a wrong code is refused", [&] {
        for (const auto* label : hers->findChildren<QLabel*>())
            if (label->text().contains(QStringLiteral("not their code"))) return true;
        return false;
    });
    check(!find<QLabel>(*hers, "verified")->text().contains(QStringLiteral("✓")), "and nothing is verified by it");
    code->setText(find<QLineEdit>(*his, "own_code")->text());
    QTest::mouseClick(find<QPushButton>(*hers, "right"), Qt::LeftButton);
    wait("the right one verifies",
         [&] { return find<QLabel>(*hers, "verified")->text().contains(QStringLiteral("✓")); });
    picture(*hers, "desktop-safety");
    hers->close();
    his->close();
    wait("which the conversation shows", [&] { return alice.text("about").contains(QStringLiteral("✓")); });
}

void call(Person& alice, Person& bob)
{
    alice.front();
    alice.click("video");
    wait("it rings there",
         [&] { return bob.text("call_state").contains(QStringLiteral("alice is calling, with video")); });
    check(bob.get<QPushButton>("answer")->isVisible(), "and can be answered");
    bob.click("answer");
    const auto active = [](Person& who) {
        const auto& one = who.window().calls().call();
        return one && one->state == godwit::CallState::active;
    };
    wait("sound flows", [&] { return active(alice) && active(bob); });
    wait("the other side's pictures are shown", [&] { return !bob.window().calls().picture().isNull(); });
    picture(bob, "desktop-call");
    alice.click("mute");
    wait("mute is seen over there",
         [&] { return bob.window().calls().call() && bob.window().calls().call()->theirs.muted; });
    bob.click("hang_up");
    wait("hanging up ends it on both sides",
         [&] { return !alice.window().calls().call() && !bob.window().calls().call(); });
    check(!alice.get<QPushButton>("hang_up")->isVisible(), "and the panel goes");
    wait("the history says so", [&] {
        return alice.messages().row_of([](const auto& one) { return godwit::call_record_of(one).has_value(); }) >= 0;
    });
}

void languages(Person& alice)
{
    const auto* send = alice.get<QPushButton>("send");
    check(send->text() == QStringLiteral("Send"), "it speaks English");
    alice.get<QTabWidget>("tabs")->setCurrentIndex(0);
    picture(alice, "desktop");
    language::choose(QStringLiteral("zh_CN"));
    wait("and Chinese, while it is open", [&] { return send->text() == QStringLiteral("发送"); });
    wait("all of it", [&] {
        return alice.text("connection").contains(QStringLiteral("已通过")) &&
               alice.text("about").contains(QStringLiteral("直连"));
    });
    language::choose(QStringLiteral("en"));
    wait("and English again", [&] { return send->text() == QStringLiteral("Send"); });
}

void without_relay(Person& alice, Person& bob, Relay& relay)
{
    relay.stop();
    wait("a lost connection is shown",
         [&] { return alice.text("connection").startsWith(QStringLiteral("○ not connected")); });
    bob.close();
    alice.write(QStringLiteral("this one waits"));
    wait("what is written meanwhile is kept",
         [&] { return alice.message(QStringLiteral("this one waits")) != nullptr; });
    check(!alice.delivered(QStringLiteral("this one waits")), "and not shown as delivered");
    picture(alice, "desktop-offline");
    alice.close();
    alice.open();
    relay.start();
    wait("after a restart of all the history is there", [&] { return alice.conversations().rowCount() > 0; });
    const int row = alice.conversations().row_of([](const auto& one) { return one.with == "bob"; });
    alice.click(alice.get<QListView>("conversations"), row);
    wait("with what waits", [&] { return alice.message(QStringLiteral("this one waits")) != nullptr; });
    bob.open();
    wait("and it is delivered", [&] { return alice.delivered(QStringLiteral("this one waits")); });
}

} // namespace

int main(int count, char** words)
{
    QApplication application(count, words);
    QStringList given = QApplication::arguments();
    const auto option = [&](const char* name) {
        const auto at = given.indexOf(QLatin1String(name));
        return at > 0 && at + 1 < given.size() ? given[at + 1] : QString();
    };
    const auto program = option("--relay");
    screenshots = option("--screenshots");
    if (program.isEmpty()) return std::puts("usage: desktop_test --relay PROGRAM [--screenshots FOLDER]"), 2;
    language::choose(QStringLiteral("en"));
    std::signal(SIGALRM, too_long);
    ::alarm(story_s);
    QTemporaryDir folder;
    try {
        Relay relay(program, QDir(folder.path()).filePath(QStringLiteral("relay")));
        if (!check(!relay.address().isEmpty(), "the relay is ready")) return 1;
        Person alice(folder.path(), QStringLiteral("alice")), bob(folder.path(), QStringLiteral("bob"));
        wait("a home without an account says welcome", [&] { return alice.get<QPushButton>("make")->isVisible(); });
        alice.type("relay", relay.address());
        alice.type("user", QStringLiteral("alice"));
        alice.type("password", QStringLiteral("not an account yet"));
        picture(alice, "desktop-welcome");
        alice.click("login");
        wait("what the relay refuses is said", [&] { return alice.text("trouble").contains(QStringLiteral("wrong")); });
        registers(alice, relay);
        registers(bob, relay);
        meet(alice, bob);
        talk(alice, bob);
        send_file(alice, bob, folder.path());
        search(bob);
        verify(alice, bob);
        call(alice, bob);
        languages(alice);
        without_relay(alice, bob, relay);
    } catch (const StoryEnds&) {
        std::puts("what comes after that was not tried");
    }
    std::printf("desktop: %d passed, %d failed\n", passed, failed);
    return failed == 0 ? 0 : 1;
}
