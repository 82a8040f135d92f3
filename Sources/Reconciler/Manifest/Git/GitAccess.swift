/// What one run of git may reach.
enum GitAccess: Hashable, Sendable {
    /// What is on this machine already: nothing is fetched, and what a repository brings along starts no program.
    case local
    /// A repository elsewhere, by the transports that its address needs.
    case remote(GitRemote)

    /// Options of git itself, before the command.
    var options: [String] {
        // Whatever a repository's own settings say: no hooks, no monitor of files, no pager.
        let always = ["--no-pager", "-c", "core.hooksPath=/dev/null", "-c", "core.fsmonitor="]
        switch self {
        // A folder of a work tree that looks like a repository itself is none: a clone delivers such folders.
        case .local: return always + ["-c", "safe.bareRepository=explicit"]
        case .remote: return always
        }
    }

    /// The environment of git: what is named here, and nothing else of ours. Secrets of this program are not among it.
    ///
    /// - Parameter inherited: the environment of this process.
    func environment(from inherited: [String: String]) -> [String: String] {
        var environment = inherited.filter { Self.isPassedOn($0.key) }
        if case .remote = self {
            environment.merge(inherited.filter { Self.isForConnections($0.key) }) { first, _ in first }
        }
        // Git's words are shown as they are; it neither asks a person nor takes locks.
        environment["LC_ALL"] = "C"
        environment["GIT_OPTIONAL_LOCKS"] = "0"
        environment["GIT_TERMINAL_PROMPT"] = "0"
        environment["GIT_NO_LAZY_FETCH"] = "1"
        // What ssh would ask a person is denied, whether there is a terminal or not.
        environment["SSH_ASKPASS"] = "false"
        environment["SSH_ASKPASS_REQUIRE"] = "force"
        switch self {
        case .local:
            environment["GIT_CONFIG_NOSYSTEM"] = "1"
            environment["GIT_ALLOW_PROTOCOL"] = ""
        case .remote(let remote):
            environment["GIT_ALLOW_PROTOCOL"] = remote.transports.joined(separator: ":")
            for (number, setting) in remote.settings.enumerated() {
                environment["GIT_CONFIG_KEY_\(number)"] = setting.key
                environment["GIT_CONFIG_VALUE_\(number)"] = setting.value
            }
            if !remote.settings.isEmpty { environment["GIT_CONFIG_COUNT"] = String(remote.settings.count) }
            environment.merge(remote.credentials) { _, own in own }
        }
        return environment
    }

    /// Where programs, a person's settings and temporary files are.
    private static func isPassedOn(_ name: String) -> Bool {
        ["PATH", "HOME", "LANG", "TMPDIR", "USER", "LOGNAME", "XDG_CONFIG_HOME"].contains(name)
    }

    /// How a server is reached and believed, and who asks for passwords.
    private static func isForConnections(_ name: String) -> Bool {
        name.hasPrefix("SSH_")
            || [
                "GIT_ASKPASS", "GIT_SSH", "GIT_SSH_COMMAND", "GIT_SSL_CAINFO", "GIT_SSL_CAPATH", "SSL_CERT_FILE",
                "SSL_CERT_DIR", "HTTP_PROXY", "HTTPS_PROXY", "ALL_PROXY", "NO_PROXY",
            ].contains(name.hasSuffix("_proxy") ? name.uppercased() : name)
    }
}
