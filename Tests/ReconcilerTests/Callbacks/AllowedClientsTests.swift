import NIOCore
import Testing

@testable import Reconciler

@Suite("Who may call")
struct AllowedClientsTests {
    @Test(
        "addresses and networks are taken as they are written",
        arguments: [
            ("203.0.113.7", "203.0.113.7", true), ("203.0.113.7", "203.0.113.8", false),
            ("10.0.0.0/8", "10.255.0.1", true), ("10.0.0.0/8", "11.0.0.1", false),
            ("192.168.4.0/22", "192.168.7.255", true), ("192.168.4.0/22", "192.168.8.0", false),
            ("0.0.0.0/0", "8.8.8.8", true), ("0.0.0.0/0", "2001:db8::1", false),
            ("2001:db8::/32", "2001:db8:1::9", true), ("2001:db8::/32", "2001:db9::", false),
            ("10.0.0.1", "::ffff:10.0.0.1", true), ("thingspace", "3.87.163.45", true),
            ("thingspace", "3.87.163.46", false),
        ])
    func networks(text: String, address: String, isIn: Bool) throws {
        let clients = try AllowedClients([text])
        #expect(clients.contains(try SocketAddress(ipAddress: address, port: 1)) == isIn)
    }

    @Test(
        "what is no address is refused with what was expected", arguments: ["", "a", "10.0.0", "10.0.0.0/33", "::1/"])
    func refused(text: String) {
        #expect(throws: SettingsError.self) { try AllowedClients(["10.0.0.1", text]) }
    }

    @Test("nobody may connect who has no address, and nobody if nobody is named")
    func nobody() throws {
        #expect(!(try AllowedClients(["0.0.0.0/0"]).contains(nil)))
        #expect(!(try AllowedClients([]).contains(try SocketAddress(ipAddress: "127.0.0.1", port: 1))))
    }
}
