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

    @Test("a process that keeps the port is named, with what to do if it is stopped")
    func holder() {
        let running = PortHolder(processID: 71, stat: "71 (profilectl) S 1 71")
        #expect(
            ListenFault.inUse("127.0.0.1:9001", "callbacks.listen", by: running)
                == "another process listens on 127.0.0.1:9001: process 71 (profilectl). End that process, or set another "
                + "port with callbacks.listen.")
        let stopped = PortHolder(processID: 72, stat: "72 (a) b\u{1B}) T 1 72")
        #expect(stopped.isStopped && stopped.command == #"a) b\u{1b}"#)
        #expect(ListenFault.inUse("x:1", "s", by: stopped).contains("`kill -CONT 72`"))
        #expect(!PortHolder(processID: 1, stat: "").isStopped)
    }

    @Test("the listening sockets of a port are found in the system's table")
    func table() {
        let table = """
              sl  local_address rem_address   st tx_queue rx_queue tr tm->when retrnsmt   uid  timeout inode
               0: 0100007F:2329 00000000:0000 0A 00000000:00000000 00:00000000 00000000     0        0 411 1 0
               1: 0100007F:2329 0100007F:9999 01 00000000:00000000 00:00000000 00000000     0        0 412 1 0
               2: 00000000:0050 00000000:0000 0A 00000000:00000000 00:00000000 00000000     0        0 413 1 0
            """
        #expect(PortHolder.inodes(in: table, port: 9001) == ["411"])
        #expect(PortHolder.inodes(in: table, port: 80) == ["413"])
    }
}
