import Foundation
import Testing

@testable import Reconciler

@Suite("The limit of open files")
struct OpenFileLimitTests {
    @Test(
        "connections fit the limit, and leave the rest of the process its part",
        arguments: [1024, 800, 512, 300, OpenFileLimit.lowest])
    func shares(count: Int) throws {
        let shares = try OpenFileLimit(count: count).shares(callbacks: 512, admin: 128)
        #expect(shares.callbacks + shares.admin + OpenFileLimit.reserve <= count)
        #expect(shares.callbacks >= OpenFileLimit.fewestCallbackConnections)
        #expect(shares.admin >= OpenFileLimit.fewestAdminConnections)
        if count == 1024 { #expect(shares == .init(callbacks: 512, admin: 128)) }
        #expect(try ListenerLimits().fitting(OpenFileLimit(count: count)).connections == shares.callbacks)
        #expect(try ListenerLimits().fittingAdmin(OpenFileLimit(count: count)).connections <= shares.admin * 4)
    }

    @Test("a limit that is too low is refused with what to do", arguments: [0, 64, OpenFileLimit.lowest - 1])
    func tooLow(count: Int) {
        let error = #expect(throws: SettingsError.self) {
            try ListenerLimits().fitting(OpenFileLimit(count: count))
        }
        #expect(error?.description.contains("\(count) files") == true)
        #expect(error?.description.contains("ulimit -n") == true)
    }

    @Test("the limit of this process is raised as far as the system allows")
    func raised() {
        _ = OpenFileLimit.current
        var limit = rlimit()
        #expect(getrlimit(__rlimit_resource_t(RLIMIT_NOFILE.rawValue), &limit) == 0)
        #expect(limit.rlim_cur == limit.rlim_max || limit.rlim_cur >= 65_536)
    }

    @Test("apply under a limit that is too low ends with a sentence, before any call")
    func refusedAtStart() async throws {
        let folder = try TemporaryFolder()
        try folder.write("fleet.yaml", try Fleets.yaml(1))
        let result = try await Binary(
            ["apply", "fleet.yaml", "--simulate", "--auto-approve"], in: folder.path,
            launcher: ["sh", "-c", "ulimit -n 64 && exec \"$@\"", "sh"]
        ).result()
        #expect(result.exitCode == 1)
        #expect(result.errors.contains("may have 64 files and connections open"), "\(result.errors)")
    }

    @Test(
        "a connection that cannot be taken for want of files is tried again only after a pause",
        arguments: [EMFILE, ENFILE, ENOBUFS, ENOMEM])
    func outOfFiles(code: CInt) {
        #expect(ConnectionAcceptance(errorCode: code) == .outOfResources)
        #expect(ConnectionAcceptance(errorCode: EINTR) == .interrupted)
        #expect(ConnectionAcceptance(errorCode: EAGAIN) == .nothing)
    }
}
