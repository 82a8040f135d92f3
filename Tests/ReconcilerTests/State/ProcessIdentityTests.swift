import Foundation
import Testing

@testable import Reconciler

@Suite("The identity of a process")
struct ProcessIdentityTests {
    @Test("two runs of one process are told apart, and neither is gone")
    func runs() throws {
        let (first, second) = (ProcessIdentity(), ProcessIdentity())
        #expect(first != second)
        #expect(!first.isGone)
        #expect(ProcessIdentity(first.description) == first)
    }

    /// The parts of the text, of which one is changed.
    private func changed(_ part: Int, to text: String) throws -> ProcessIdentity {
        var parts = ProcessIdentity().description.split(separator: " ").map(String.init)
        parts[part] = text
        return try #require(ProcessIdentity(parts.joined(separator: " ")))
    }

    @Test("a later process with the same number is another one, and nothing is said of other machines")
    func others() throws {
        #expect(try changed(2, to: "1").isGone, "the number was given anew")
        #expect(try changed(1, to: "2147483646").isGone, "there is no such process")
        let elsewhere = try changed(0, to: "other-boot/pid:[1]").description
        #expect(ProcessIdentity(elsewhere.replacing(" \(getpid()) ", with: " 2147483646 "))?.isGone == false)
        #expect(ProcessIdentity("somebody else") == nil)
    }

    @Test("a process that has ended is gone, also before anybody has asked for its exit code")
    func ended() async throws {
        var arguments: [UnsafeMutablePointer<CChar>?] = [strdup("true"), nil]
        defer { free(arguments[0]) }
        var processID: pid_t = 0
        try #require(posix_spawnp(&processID, "true", nil, nil, &arguments, environ) == 0)
        var information = siginfo_t()
        // Waits for its end and leaves the exit code where it is.
        try #require(waitid(P_PID, id_t(processID), &information, WEXITED | WNOWAIT) == 0)
        var parts = ProcessIdentity().description.split(separator: " ").map(String.init)
        let stat = try String(contentsOfFile: "/proc/\(processID)/stat", encoding: .utf8)
        parts[1] = String(processID)
        parts[2] = String(try #require(stat.split(separator: ")").last).split(separator: " ")[19])
        let identity = try #require(ProcessIdentity(parts.joined(separator: " ")))
        #expect(identity.isGone)
        waitpid(processID, nil, 0)
        #expect(identity.isGone)
    }
}
