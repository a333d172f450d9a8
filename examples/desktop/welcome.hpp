// SPDX-License-Identifier: Apache-2.0
// What a home without an account shows: make one at a relay, or log in to one.
#pragma once

#include "session.hpp"

#include <QWidget>

class QLabel;
class QLineEdit;
class QPushButton;

class Welcome : public QWidget {
    Q_OBJECT
public:
    explicit Welcome(Session& session, QWidget* parent = nullptr);

signals:
    /// There is an account now.
    void entered();

protected:
    void changeEvent(QEvent* event) override;

private:
    void enter(bool make);
    void retranslate();

    Session& session_;
    QLabel *heading_, *about_, *relay_label_, *user_label_, *password_label_, *trouble_;
    QLineEdit *relay_, *user_, *password_;
    QPushButton *make_, *login_;
};
