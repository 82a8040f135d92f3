import Foundation
import NIOCore
import Testing

@testable import Reconciler

@Suite("An address that cannot be listened on")
struct ListenFaultTests {
    @Test(
        "is told with its cause and what to do, and not as the system's dump",
        arguments: [
            (EADDRINUSE, "another process listens on 127.0.0.1:9001"),
            (EADDRNOTAVAIL, "does not have the address of 127.0.0.1:9001"), (EACCES, "this user may not listen"),
        ])
    func causes(_ code: Int32, _ words: String) {
        let text = ListenFault.explain(
            IOError(errnoCode: code, reason: "bind"), address: "127.0.0.1:9001", setting: "callbacks.listen")
        #expect(text.contains(words) && text.contains("callbacks.listen") && !text.contains("errno"), "\(text)")
    }
}
