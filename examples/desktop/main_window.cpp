// SPDX-License-Identifier: Apache-2.0
#include "main_window.hpp"

#include "call_panel.hpp"
#include "chat_view.hpp"
#include "group_dialog.hpp"
#include "language.hpp"
#include "safety_dialog.hpp"
#include "side_panel.hpp"
#include "welcome.hpp"
#include "words.hpp"

#include <QActionGroup>
#include <QApplication>
#include <QHBoxLayout>
#include <QLabel>
#include <QMenuBar>
#include <QMessageBox>
#include <QPushButton>
#include <QSettings>
#include <QSplitter>
#include <QStackedWidget>
#include <QStatusBar>
#include <QVBoxLayout>

namespace request = godwit::request;
namespace happened = godwit::event;

MainWindow::MainWindow(std::unique_ptr<Session> session, godwit::CallDevices devices, QWidget* parent)
    : QMainWindow(parent), session_(std::move(session))
{
    welcome_ = new Welcome(*session_);
    side_ = new SidePanel(*session_);
    chat_ = new ChatView(*session_);
    chat_->offer_video(devices.video_source != "none");
    calls_ = new CallPanel(*session_, std::move(devices));
    told_ = new QLabel;
    told_->setObjectName(QStringLiteral("told"));
    told_->setTextFormat(Qt::PlainText);
    told_->setWordWrap(true);
    heard_ = new QPushButton;
    told_bar_ = new QWidget;
    told_bar_->setVisible(false);
    auto* bar = new QHBoxLayout(told_bar_);
    bar->addWidget(told_, 1);
    bar->addWidget(heard_);
    auto* right = new QWidget;
    auto* column = new QVBoxLayout(right);
    column->setContentsMargins(0, 0, 0, 0);
    column->addWidget(told_bar_);
    column->addWidget(calls_);
    column->addWidget(chat_, 1);
    auto* split = new QSplitter;
    split->addWidget(side_);
    split->addWidget(right);
    split->setStretchFactor(0, 2);
    split->setStretchFactor(1, 5);
    split->setChildrenCollapsible(false);
    split->setSizes({270, 730}); // of the 1000 below
    stack_ = new QStackedWidget;
    stack_->addWidget(welcome_);
    stack_->addWidget(split);
    setCentralWidget(stack_);
    connection_ = new QLabel;
    connection_->setObjectName(QStringLiteral("connection"));
    connection_->setTextFormat(Qt::PlainText);
    statusBar()->addPermanentWidget(connection_);
    resize(1000, 660);

    connect(heard_, &QPushButton::clicked, told_bar_, &QWidget::hide);
    connect(session_.get(), &Session::event, this, [this](const godwit::Event& event) { take(event); });
    connect(session_.get(), &Session::failed, this,
            [this](const godwit::Error& error) { statusBar()->showMessage(Words::error(error), 15'000); });
    connect(welcome_, &Welcome::entered, this, [this] { look_for_account(); });
    connect(side_, &SidePanel::chosen, this, [this](const godwit::Conversation& conversation) {
        chat_->show_conversation(conversation);
        if (const auto* contact = side_->contact(conversation.with)) chat_->set_contact(*contact);
    });
    connect(side_, &SidePanel::updated, this, [this](const godwit::Conversation& conversation) {
        const auto& shown = chat_->conversation();
        if (!shown) return;
        const bool first = shown->id.is_zero() && shown->with == conversation.with;
        if (shown->id == conversation.id || first) chat_->show_conversation(conversation);
    });
    connect(side_, &SidePanel::contact_changed, chat_, &ChatView::set_contact);
    connect(side_, &SidePanel::found, chat_, &ChatView::reveal);
    connect(chat_, &ChatView::call_wanted, calls_, &CallPanel::place);
    connect(chat_, &ChatView::safety_wanted, this, [this](const QString& user) { show_safety(user); });
    connect(calls_, &CallPanel::told, this, [this](const QString& text) { statusBar()->showMessage(text, 15'000); });
    make_menus();
    retranslate();
    look_for_account();
}

MainWindow::~MainWindow()
{
    // A draft is kept by what is shown going away; the widgets go before the session that they use.
    chat_->leave();
    delete takeCentralWidget();
}

void MainWindow::make_menus()
{
    account_ = menuBar()->addMenu(QString());
    status_ = account_->addAction(QString(), this, [this] { show_status(); });
    group_ = account_->addAction(QString(), this, [this] { new_group(); });
    logout_ = account_->addAction(QString(), this, [this] { log_out(); });
    quit_ = account_->addAction(QString(), qApp, &QApplication::closeAllWindows);
    paths_ = menuBar()->addMenu(QString());
    auto* policies = new QActionGroup(this);
    for (const auto policy : {godwit::PathPolicy::direct_first, godwit::PathPolicy::direct_only,
                              godwit::PathPolicy::relay_only, godwit::PathPolicy::race}) {
        auto* action =
            paths_->addAction(QString(), this, [this, policy] { session_->ask(request::SetPolicy{policy}); });
        action->setCheckable(true);
        policies->addAction(action);
        policies_.emplace_back(policy, action);
    }
    languages_ = menuBar()->addMenu(QString());
    const auto add = [this](const QString& text, const QString& name) {
        return languages_->addAction(text, this, [name] {
            language::choose(name);
            QSettings().setValue(QStringLiteral("language"), name);
        });
    };
    add(QStringLiteral("English"), QStringLiteral("en"));
    add(QStringLiteral("中文"), QStringLiteral("zh_CN"));
    system_language_ = add(QString(), QString());
}

void MainWindow::retranslate()
{
    account_->setTitle(tr("&Account"));
    status_->setText(tr("State …"));
    group_->setText(tr("New group …"));
    logout_->setText(tr("Log out …"));
    quit_->setText(tr("Quit"));
    paths_->setTitle(tr("&Paths"));
    for (const auto& [policy, action] : policies_)
        action->setText(Words::policy(policy));
    languages_->setTitle(tr("&Language"));
    system_language_->setText(tr("As the system"));
    heard_->setText(tr("Understood"));
    setWindowTitle(session_->own_name().isEmpty() ? QStringLiteral("godwit")
                                                  : tr("%1 – godwit").arg(session_->own_name()));
    show_connection();
}

void MainWindow::look_for_account()
{
    session_->ask(request::Status{}, this, [this](const happened::Reply& reply) {
        const auto* status = std::get_if<godwit::StatusReport>(&reply.value);
        if (status == nullptr) return;
        over_ = status->connected ? status->over : godwit::RelayTransport::none;
        relay_ = Words::of(status->relay);
        why_ = status->connected ? QString() : Words::of(status->connection_detail);
        for (const auto& [policy, action] : policies_)
            action->setChecked(policy == status->policy);
        const bool entered = !status->user.empty();
        session_->set_own_name(Words::of(status->user));
        for (auto* action : {status_, group_, logout_})
            action->setEnabled(entered);
        stack_->setCurrentIndex(entered ? 1 : 0);
        if (entered) side_->begin();
        retranslate();
    });
}

void MainWindow::show_connection()
{
    if (session_->own_name().isEmpty()) return connection_->clear();
    auto why = why_;
    if (off_) { // said anew, in the language of now
        why = Words::error(off_->reason);
        if (off_->retry_in_ms > 0) why += QLatin1Char(' ') + tr("Again in %1 s.").arg((off_->retry_in_ms + 999) / 1000);
    }
    if (over_ != godwit::RelayTransport::none)
        connection_->setText(tr("● connected to the relay over %1").arg(Words::transport(over_)));
    else
        connection_->setText(why.isEmpty() ? tr("○ connecting …") : tr("○ not connected: %1").arg(why));
    connection_->setToolTip(relay_.toHtmlEscaped());
}

void MainWindow::tell(const QString& text)
{
    // The newest below; what was told before is not lost.
    told_->setText(told_bar_->isVisible() && !told_->text().isEmpty() ? told_->text() + QLatin1Char('\n') + text
                                                                      : text);
    told_bar_->setVisible(true);
}

void MainWindow::take(const godwit::Event& event)
{
    side_->take(event);
    chat_->take(event);
    calls_->take(event);
    if (const auto* on = std::get_if<happened::Connected>(&event)) {
        over_ = on->over;
        off_.reset();
        why_.clear();
        show_connection();
    }
    if (const auto* off = std::get_if<happened::Disconnected>(&event)) {
        over_ = godwit::RelayTransport::none;
        off_ = *off;
        show_connection();
    }
    if (std::holds_alternative<happened::MessageReceived>(event) ||
        std::holds_alternative<happened::CallIncoming>(event))
        QApplication::alert(this);
    if (const auto* security = std::get_if<happened::Security>(&event)) tell(Words::security(*security));
    if (const auto* warning = std::get_if<happened::Warning>(&event)) tell(Words::error(warning->what));
    if (const auto* update = std::get_if<happened::Update>(&event))
        tell(update->required ? tr("The relay wants version %1.").arg(Words::of(update->version))
                              : tr("Version %1 is there.").arg(Words::of(update->version)));
    if (const auto* notice = std::get_if<happened::NoticeReceived>(&event))
        tell(tr("The operator of the relay says, and not end-to-end encrypted: %1")
                 .arg(Words::of(notice->notice.title)) +
             QLatin1Char('\n') + Words::of(notice->notice.text));
    if (const auto* out = std::get_if<happened::LoggedOut>(&event)) {
        tell(Words::error(out->reason));
        look_for_account();
    }
}

void MainWindow::show_safety(const QString& user)
{
    auto* dialog = new SafetyDialog(*session_, user, this);
    dialog->setAttribute(Qt::WA_DeleteOnClose);
    connect(dialog, &SafetyDialog::changed, side_, [this] { side_->begin(); });
    dialog->open();
}

void MainWindow::show_status()
{
    session_->ask(request::Status{}, this, [this](const happened::Reply& reply) {
        const auto* status = std::get_if<godwit::StatusReport>(&reply.value);
        if (status == nullptr) return;
        const auto text = tr("Account: %1\nRelay: %2\nWaiting to go out: %n message(s)\n"
                             "Sent since the start: direct %3, through TURN %4, by the mailbox %5\ngodwit %6",
                             nullptr, static_cast<int>(status->outbox_messages))
                              .arg(Words::of(status->user), Words::of(status->relay),
                                   Words::size(status->content_bytes_direct), Words::size(status->content_bytes_turned),
                                   Words::size(status->content_bytes_mailbox), Words::of(status->client_version));
        auto* box = new QMessageBox(QMessageBox::NoIcon, tr("State"), text, QMessageBox::Close, this);
        box->setTextFormat(Qt::PlainText);
        box->setAttribute(Qt::WA_DeleteOnClose);
        box->open();
    });
}

void MainWindow::new_group()
{
    auto* dialog = new GroupDialog(*session_, side_->contacts(), this);
    dialog->setAttribute(Qt::WA_DeleteOnClose);
    dialog->open();
}

void MainWindow::log_out()
{
    auto* box = new QMessageBox(
        QMessageBox::Warning, tr("Log out"),
        tr("This device leaves the account; its history stays here. Messages that still wait are not sent."),
        QMessageBox::Ok | QMessageBox::Cancel, this);
    box->setAttribute(Qt::WA_DeleteOnClose);
    connect(box, &QMessageBox::accepted, this,
            [this] { session_->ask(request::Logout{}, this, [this](const happened::Reply&) { look_for_account(); }); });
    box->open();
}

void MainWindow::changeEvent(QEvent* event)
{
    if (event->type() == QEvent::LanguageChange) retranslate();
    QMainWindow::changeEvent(event);
}
