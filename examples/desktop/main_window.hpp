// SPDX-License-Identifier: Apache-2.0
// One account's window: what is on the left and right, what concerns all of it (connection, path policy, language,
// what must be told), and which part an event goes to.
#pragma once

#include "session.hpp"

#include <QMainWindow>

#include <memory>

class CallPanel;
class ChatView;
class QAction;
class QLabel;
class QMenu;
class QPushButton;
class QStackedWidget;
class SidePanel;
class Welcome;

class MainWindow : public QMainWindow {
    Q_OBJECT
public:
    /// `devices`: of calls, see CallPanel.
    MainWindow(std::unique_ptr<Session> session, godwit::CallDevices devices, QWidget* parent = nullptr);
    ~MainWindow() override;

    [[nodiscard]] Session& session() { return *session_; }
    [[nodiscard]] ChatView& chat() { return *chat_; }
    [[nodiscard]] SidePanel& side() { return *side_; }
    [[nodiscard]] CallPanel& calls() { return *calls_; }

protected:
    void changeEvent(QEvent* event) override;

private:
    void make_menus();
    void retranslate();
    void look_for_account();
    void take(const godwit::Event& event);
    void show_connection();
    /// Stays until it is read.
    void tell(const QString& text);
    void show_safety(const QString& user);
    void show_status();
    void new_group();
    void log_out();

    std::unique_ptr<Session> session_;
    Welcome* welcome_;
    SidePanel* side_;
    ChatView* chat_;
    CallPanel* calls_;
    QStackedWidget* stack_;
    QLabel *connection_, *told_;
    QPushButton* heard_;
    QWidget* told_bar_;
    QMenu *account_, *paths_, *languages_;
    QAction *status_, *group_, *logout_, *quit_, *system_language_;
    std::vector<std::pair<godwit::PathPolicy, QAction*>> policies_;
    godwit::RelayTransport over_ = godwit::RelayTransport::none;
    QString relay_, why_;
    std::optional<godwit::event::Disconnected> off_;
};
