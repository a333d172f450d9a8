// SPDX-License-Identifier: Apache-2.0
import Foundation
import XCTest

@testable import Godwit

final class ClientTests: XCTestCase {
    func testAsksAndIsRefused() async throws {
        let home = FileManager.default.temporaryDirectory.appendingPathComponent(UUID().uuidString)
        defer { try? FileManager.default.removeItem(at: home) }
        let client = try Client(Options(home: home.path))
        let status = try await client.request(.status)
        XCTAssertEqual(status["user"] as? String, "")
        do {
            try await client.request(.contacts)
            XCTFail("allowed")
        } catch let refused as GodwitError {
            XCTAssertEqual(refused.code, .notRegistered)
        }
        client.close()
        do {
            try await client.request(.status)
            XCTFail("allowed")
        } catch let refused as GodwitError {
            XCTAssertEqual(refused.code, .cancelled)
        }
    }
}
