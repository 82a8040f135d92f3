import Foundation
import Testing

@testable import Reconciler

@Suite("Addresses of git repositories")
struct GitRemoteTests {
    @Test(
        "a name or a password is never shown, and kept from git's words",
        arguments: [
            ("https://token123@git.example.com/fleet.git", "https://***@git.example.com/fleet.git", ["token123"]),
            (
                "https://ann.miller:s3cr%2Fets@git.example.com:8443/fleet.git",
                "https://***@git.example.com:8443/fleet.git", ["ann.miller", "s3cr%2Fets", "s3cr/ets"]
            ),
            ("https://git.example.com/fleet.git?key=s3cret", "https://git.example.com/fleet.git", ["key=s3cret"]),
            ("ssh://git@git.example.com:22/fleet.git", "ssh://***@git.example.com:22/fleet.git", []),
            ("ssh://git:s3cret77@git.example.com/fleet.git", "ssh://***@git.example.com/fleet.git", ["s3cret77"]),
            ("http://127.0.0.1:8080/fleet.git", "http://127.0.0.1:8080/fleet.git", []),
            ("git@git.example.com:fleet.git", "git@git.example.com:fleet.git", []),
            ("file:///srv/fleet.git", "file:///srv/fleet.git", []),
        ])
    func shown(text: String, name: String, secrets: [String]) throws {
        let remote = try GitRemote(text)
        #expect(remote.address == text && remote.name == name)
        #expect(remote.secrets == secrets.sorted())
        let words = "fatal: unable to access '\(text)': \(secrets.joined(separator: " "))\nhint: x\n\nmore\nand more"
        let told = try #require(GitWords.shown(words, hiding: remote.secrets))
        for secret in secrets { #expect(!told.contains(secret), "\(told)") }
        #expect(told.hasSuffix("; more"))
    }

    @Test(
        "a short name or password is hidden in addresses, and leaves all other words as they are",
        arguments: [
            ("https://u@git.example.com/fleet.git", "https://***@git.example.com/fleet.git"),
            ("https://u:a@git.example.com/fleet.git", "https://***@git.example.com/fleet.git"),
            ("ssh://u:s3cret@git.example.com/fleet.git", "ssh://***@git.example.com/fleet.git"),
            ("https://git.example.com/fleet.git?k=s", "https://git.example.com/fleet.git?***"),
        ])
    func short(text: String, shown: String) throws {
        let words = "fatal: unable to update '\(text)': a user was refused"
        #expect(
            GitWords.shown(words, hiding: try GitRemote(text).secrets)
                == "fatal: unable to update '\(shown)': a user was refused")
    }

    @Test(
        "what is no repository that can be followed safely is refused, and shows no secret",
        arguments: [
            "", "-x", "--upload-pack=touch x", "ext::sh -c touch% x", "ext://x", "git://example.com/x",
            "http://example.com/x", "http://ann:s3cret@example.com/x", "https://", "https://-x/y", "https:///x",
            "https://ann:s3/cret@example.com/x", "https://ann:s3 cret@example.com/x", "a\nb", "-oProxyCommand=x:y",
            "ann@-oProxyCommand=x:y", "https::https://example.com/x", "ftp://ann:s3cret@example.com/x?s3cret",
        ])
    func refused(text: String) throws {
        let error = try #require(throws: GitError.self) { try GitRemote(text) }
        #expect(error.reason == .noRepository)
        #expect(!error.description.contains("cret"), "\(error)")
    }

    @Test("a folder is followed wherever git runs, also one whose name has a colon")
    func folders() throws {
        #expect(try GitRemote("fleet.git").address == FileManager.default.currentDirectoryPath + "/fleet.git")
        #expect(try GitRemote("/srv/../srv/fleet").address == "/srv/fleet")
        let folder = try TemporaryFolder()
        try folder.write("a:b/x", "")
        #expect(try GitRemote(folder.path + "/a:b").address == folder.path + "/a:b")
        #expect(try GitRemote("./a:b").address.hasSuffix("/a:b"))
    }

    @Test(
        "settings of git that put a token into an address do not show it, and times do not make a failure another one")
    func words() {
        let text = "fatal: could not read Password for 'https://ghp_x1@example.com': failed after 12 ms"
        #expect(
            GitWords.shown(text, hiding: [])
                == "fatal: could not read Password for 'https://***@example.com': failed")
        #expect(GitWords.shown("\n hint: a\n", hiding: []) == nil)
    }

    @Test("git's arguments, which all can see, hold no password")
    func location() throws {
        let remote = try GitRemote("https://ann:s3cr%2Fet77@git.example.com:8443/fleet.git")
        #expect(remote.location == "https://git.example.com:8443/fleet.git")
        #expect(remote.credentials.values.sorted() == ["ann", "s3cr/et77"])
        #expect(!remote.settings.contains { $0.value.contains("s3cr") })
        #expect(try GitRemote("ssh://git:s3cret77@git.example.com/f").location == "ssh://git@git.example.com/f")
        let user = try GitRemote("https://ann@git.example.com/f")
        #expect(user.location == "https://git.example.com/f")
        #expect(
            user.settings == [GitRemote.Setting(key: "credential.https://git.example.com.username", value: "ann")])
        for text in ["https://git.example.com/f", "file:///srv/f", "/srv/f", "git@git.example.com:f"] {
            let remote = try GitRemote(text)
            #expect(remote.location == remote.address && remote.settings.isEmpty && !remote.holdsPassword)
        }
    }

    @Test("git gets the name and the password where the server asks for them")
    func credentials() async throws {
        let remote = try GitRemote("https://ann:s3cr%2Fet'7%25@git.example.com/fleet.git")
        let environment = GitAccess.remote(remote).environment(from: ProcessInfo.processInfo.environment)
        let filled = try await Binary.run(
            ["credential", "fill"], in: "/", environment: environment,
            input: Data("protocol=https\nhost=git.example.com\n\n".utf8), program: "git")
        #expect(filled.output.contains("username=ann\npassword=s3cr/et'7%\n"), "\(filled)")
        let other = try await Binary.run(
            ["credential", "fill"], in: "/", environment: environment,
            input: Data("protocol=https\nhost=other.example.com\n\n".utf8), program: "git")
        #expect(!other.output.contains("s3cr"), "\(other)")
    }

    @Test("git's own advice is shown with the line that announces it")
    func advice() {
        let text = """
            fatal: detected dubious ownership in repository at '/srv/fleet'
            To add an exception for this directory, call:

            \tgit config --global --add safe.directory /srv/fleet
            more
            """
        #expect(
            GitWords.shown(text, hiding: [])?.hasSuffix(
                "call:; git config --global --add safe.directory /srv/fleet") == true)
    }
}
