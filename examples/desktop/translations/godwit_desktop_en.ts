<?xml version="1.0" encoding="utf-8"?>
<!DOCTYPE TS>
<TS version="2.1" language="en">
    <context>
        <name>CallPanel</name>
        <message numerus="yes">
            <source>%n other(s)</source>
            <translation>
                <numerusform>%n other</numerusform>
                <numerusform>%n others</numerusform>
            </translation>
        </message>
    </context>
    <context>
        <name>ChatView</name>
        <message numerus="yes">
            <source>%n member(s)</source>
            <translation>
                <numerusform>%n member</numerusform>
                <numerusform>%n members</numerusform>
            </translation>
        </message>
    </context>
    <context>
        <name>MainWindow</name>
        <message numerus="yes">
            <source>Account: %1
Relay: %2
Waiting to go out: %n message(s)
Sent since the start: direct %3, through TURN %4, by the mailbox %5
godwit %6</source>
            <translation>
                <numerusform>Account: %1
Relay: %2
Waiting to go out: %n message
Sent since the start: direct %3, through TURN %4, by the mailbox %5
godwit %6</numerusform>
                <numerusform>Account: %1
Relay: %2
Waiting to go out: %n messages
Sent since the start: direct %3, through TURN %4, by the mailbox %5
godwit %6</numerusform>
            </translation>
        </message>
    </context>
    <context>
        <name>Words</name>
        <message numerus="yes">
            <source>%n forwarded message(s)</source>
            <translation>
                <numerusform>%n forwarded message</numerusform>
                <numerusform>%n forwarded messages</numerusform>
            </translation>
        </message>
    </context>
</TS>
