// SPDX-License-Identifier: Apache-2.0
// Client: an account's device in a Swift program.
//
//   request -> godwit_request -----------+
//                                        | godwit's own thread
//   reply, events <- reader thread   <---+
import CGodwit
import Foundation

/// What godwit or the relay refused.
public struct GodwitError: Error, Sendable {
    /// What to do about it; nil when `name` is of a later version.
    public var code: ErrorCode? { ErrorCode(rawValue: name) }
    public let name: String
    /// One English sentence, good enough to show.
    public let detail: String
    /// Milliseconds after which the same request may succeed; 0: not unchanged.
    public let retryMs: UInt64

    init(_ name: String, _ detail: String, retryMs: UInt64 = 0) {
        self.name = name
        self.detail = detail
        self.retryMs = retryMs
    }
    init(_ object: [String: Any]) {
        self.init(object["code"] as? String ?? "internal", object["detail"] as? String ?? "", retryMs: (object["retry"] as? NSNumber)?.uint64Value ?? 0)
    }
}

/// Something that happened: its name (EventName, or one of a later version) and its fields.
public struct Event: @unchecked Sendable {
    public let name: String
    public let fields: [String: Any]
    public var known: EventName? { EventName(rawValue: name) }
    public subscript(_ field: String) -> String { fields[field] as? String ?? "" }
}

/// How a client is opened.
public struct Options: Sendable {
    public var home: String
    /// 32 bytes from the keychain.
    public var storeKey: Data?
    public var passphrase: String?
    public var clientVersion: String?
    public var allowLoopback = false
    public init(home: String) { self.home = home }
}

private func object(_ text: UnsafeMutablePointer<CChar>) -> [String: Any] {
    defer { godwit_free(text) }
    let data = Data(bytes: text, count: strlen(text))
    return (try? JSONSerialization.jsonObject(with: data)) as? [String: Any] ?? [:]
}

/// See Client.events.
public struct Events: AsyncSequence {
    public typealias Element = Event
    fileprivate let client: Client
    fileprivate let stream: AsyncStream<Event>

    public func makeAsyncIterator() -> AsyncIterator { AsyncIterator(client: client, base: stream.makeAsyncIterator()) }

    public struct AsyncIterator: AsyncIteratorProtocol {
        fileprivate let client: Client
        fileprivate var base: AsyncStream<Event>.Iterator

        public mutating func next() async -> Event? {
            client.dealtWith()
            let event = await base.next()
            client.shows(event)
            return event
        }
    }
}

/// Any function from any thread. Every request is answered exactly once; `close` answers what is left with `cancelled`.
public final class Client: @unchecked Sendable {
    private let handle: OpaquePointer
    private let lock = NSLock()
    private var pending: [Int: CheckedContinuation<[String: Any], Error>] = [:]
    private var nextId = 1
    private var closed = false
    private let stream: AsyncStream<Event>
    private let sink: AsyncStream<Event>.Continuation

    /// The library's version.
    public static var version: String { String(cString: godwit_version()) }

    /// Blocks while the store is opened: not on the main thread.
    public init(_ options: Options) throws {
        if let key = options.storeKey, key.count != 32 { throw GodwitError("invalid_argument", "storeKey: exactly 32 bytes") }
        // A text of C ends at its first NUL: of a passphrase the rest would protect nothing.
        for text in [options.home, options.passphrase ?? "", options.clientVersion ?? ""] where text.utf8.contains(0) {
            throw GodwitError("invalid_argument", "options: texts without NUL characters")
        }
        var given = godwit_options()
        given.size = MemoryLayout<godwit_options>.size
        given.allow_loopback = options.allowLoopback ? 1 : 0
        given.dealt_by_call = 1 // the reader takes events ahead of the program, to find replies behind them
        var error: UnsafeMutablePointer<CChar>?
        let opened: OpaquePointer? = options.home.withCString { home in
            (options.passphrase ?? "").withCString { passphrase in
                (options.clientVersion ?? "").withCString { version in
                    (options.storeKey ?? Data()).withUnsafeBytes { (key: UnsafeRawBufferPointer) in
                        given.home = home
                        given.passphrase = options.passphrase == nil ? nil : passphrase
                        given.client_version = options.clientVersion == nil ? nil : version
                        given.store_key = key.isEmpty ? nil : key.bindMemory(to: UInt8.self).baseAddress
                        return godwit_open(&given, &error)
                    }
                }
            }
        }
        guard let opened else { throw error.map { GodwitError(object($0)) } ?? GodwitError("internal", "out of memory") }
        handle = opened
        (stream, sink) = AsyncStream.makeStream(of: Event.self, bufferingPolicy: .unbounded)
        let reader = Thread { [weak self, handle, sink] in
            // NULL before the end: there was no memory for the text, which comes again.
            while true {
                if let text = godwit_next(handle, -1) {
                    self?.deal(object(text))
                } else if self?.isClosed ?? true {
                    break
                } else {
                    Thread.sleep(forTimeInterval: 0.01)
                }
            }
            sink.finish()
        }
        reader.name = "godwit"
        reader.start()
    }

    deinit { close() }

    /// What happens, in order, until the client is closed; for one reader. A received message counts as dealt with when the event
    /// after it is asked for; until then it is shown again after a restart.
    public var events: Events { Events(client: self, stream: stream) }
    /// The last event was a message, which the program has seen when it asks for the next; by whichever loop.
    private var shown = false
    fileprivate func shows(_ event: Event?) {
        lock.lock()
        shown = event?.known == .message
        lock.unlock()
    }
    fileprivate func dealtWith() {
        lock.lock()
        let seen = shown
        shown = false
        lock.unlock()
        if seen { _ = godwit_dealt_with(handle, 1) }
    }
    fileprivate var isClosed: Bool {
        lock.lock()
        defer { lock.unlock() }
        return closed
    }

    /// A request and its fields: `try await client.request(.send, ["to": "bob", "text": "hi"])`.
    @discardableResult
    public func request(_ what: Do, _ fields: [String: Any] = [:]) async throws -> [String: Any] {
        try await request(named: what.rawValue, fields)
    }

    /// By its name, for those that this version does not know.
    @discardableResult
    public func request(named name: String, _ fields: [String: Any] = [:]) async throws -> [String: Any] {
        try await withCheckedThrowingContinuation { continuation in
            lock.lock()
            defer { lock.unlock() }
            if closed { return continuation.resume(throwing: GodwitError("cancelled", "the client is closed")) }
            let id = nextId
            nextId += 1
            var rest = fields
            rest["id"] = nil
            rest["do"] = nil
            guard JSONSerialization.isValidJSONObject(rest), let data = try? JSONSerialization.data(withJSONObject: rest),
                  let quoted = try? JSONSerialization.data(withJSONObject: [name]) else {
                return continuation.resume(throwing: GodwitError("invalid_argument", "fields: what JSON can hold"))
            }
            // The id stands first, so that it is read even where the rest cannot be.
            var line = Data("{\"id\":\(id),\"do\":".utf8)
            line.append(quoted.dropFirst().dropLast())
            if !rest.isEmpty { line.append(UInt8(ascii: ",")) }
            line.append(data.dropFirst())
            let refused = line.withUnsafeBytes { godwit_request(handle, $0.bindMemory(to: CChar.self).baseAddress, line.count) }
            if refused > 0 {
                return continuation.resume(throwing: GodwitError(String(cString: godwit_error_name(refused)), String(cString: godwit_error_text(refused))))
            }
            pending[id] = continuation
        }
    }

    private func deal(_ got: [String: Any]) {
        if let name = got["event"] as? String {
            sink.yield(Event(name: name, fields: got))
            return
        }
        lock.lock()
        let waiting = (got["id"] as? Int).flatMap { pending.removeValue(forKey: $0) }
        lock.unlock()
        if got["ok"] as? Bool == true {
            waiting?.resume(returning: got)
        } else {
            waiting?.resume(throwing: GodwitError(got["error"] as? [String: Any] ?? [:]))
        }
    }

    /// The platform says that the network is another (NWPathMonitor).
    public func networkChanged() { _ = godwit_network_changed(handle) }
    /// A push message arrived.
    public func pushReceived() { _ = godwit_push_received(handle, nil, 0) }
    /// Memory is short (didReceiveMemoryWarning): what is not in use goes back to the system.
    public func trimMemory() { _ = godwit_trim_memory(handle) }
    /// Before the app is suspended, inside a background task: no lock is held afterwards, on files either. False: it goes on, call again.
    public func suspend(deadlineMs: Int32) -> Bool { godwit_suspend(handle, deadlineMs) == 0 }
    public func resume() throws {
        var error: UnsafeMutablePointer<CChar>?
        if godwit_resume(handle, &error) != 0 { throw error.map { GodwitError(object($0)) } ?? GodwitError("internal", "out of memory") }
    }

    /// What was accepted is durable and goes out at the next open. May be called again.
    public func close() {
        lock.lock()
        let left = pending
        pending = [:]
        let first = !closed
        closed = true
        lock.unlock()
        if first { godwit_close(handle) }
        for one in left.values { one.resume(throwing: GodwitError("cancelled", "the client was closed before this was answered")) }
    }
}
