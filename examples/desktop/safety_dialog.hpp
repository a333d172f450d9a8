// SPDX-License-Identifier: Apache-2.0
// The safety number of a contact: to be compared over another way, then marked as right.
#pragma once

#include "session.hpp"

#include <QDialog>

#include <optional>
#include <string>

class QLabel;
class QLineEdit;
class QPushButton;

class SafetyDialog : public QDialog {
    Q_OBJECT
public:
    SafetyDialog(Session& session, const QString& user, QWidget* parent = nullptr);

signals:
    void changed();

protected:
    void changeEvent(QEvent* event) override;

private:
    void retranslate();
    void load();
    void verify(bool verified);

    Session& session_;
    std::string user_;
    std::optional<bool> verified_; ///< Unknown until it is told.
    QLabel *about_, *number_, *state_, *trouble_, *own_label_, *their_label_;
    QLineEdit *own_code_, *their_code_;
    QPushButton *right_, *wrong_;
};
