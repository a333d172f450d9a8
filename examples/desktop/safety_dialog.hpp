// SPDX-License-Identifier: Apache-2.0
// The safety number of a contact: to be compared over another way, then marked as right.
#pragma once

#include "session.hpp"

#include <QDialog>

class QLabel;
class QLineEdit;
class QPushButton;

class SafetyDialog : public QDialog {
    Q_OBJECT
public:
    SafetyDialog(Session& session, const QString& user, QWidget* parent = nullptr);

signals:
    void changed();

private:
    void load();
    void verify(bool verified);

    Session& session_;
    std::string user_;
    QLabel *number_, *state_, *trouble_;
    QLineEdit *own_code_, *their_code_;
    QPushButton *right_, *wrong_;
};
