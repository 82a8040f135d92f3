import Foundation

/// Where a repository is that is followed: a folder of this machine, or a URL.
struct GitRemote: Hashable, Sendable {
    /// As a person gave it; it may hold a password.
    let address: String
    /// As git is given it, and as everybody sees it in the list of processes: without a password.
    let location: String
    /// The transports that git may use.
    let transports: [String]
    /// Settings of git that go with it.
    let settings: [Setting]
    /// What those settings refer to, by the names of variables that only git gets.
    let credentials: [String: String]
    /// As people are shown it.
    let name: String
    /// What must not be seen anywhere, and is too long to stand in other words by chance. What is shorter is hidden where
    /// addresses have it.
    let secrets: [String]

    struct Setting: Hashable, Sendable {
        let key: String
        let value: String
    }

    /// The length from which a name or a password is hidden wherever it stands.
    private static let leastSecret = 8

    private static let expected =
        "a folder, or a URL such as https://git.example.com/fleet.git, ssh://git@git.example.com/fleet.git or file:///srv/fleet.git"

    /// - Throws: `GitError`
    init(_ text: String) throws(GitError) {
        guard !text.isEmpty, !text.hasPrefix("-"), !text.unicodeScalars.contains(where: { $0.value < 0x20 }) else {
            throw GitError(
                .noRepository, "`\(text.excerpt(limit: 100))` is no git repository; expected \(Self.expected)",
                words: nil)
        }
        if let match = text.prefixMatch(of: #/([A-Za-z0-9][A-Za-z0-9+.\-]*)::/#),
            !FileManager.default.fileExists(atPath: text)
        {
            // Git would run the program `git-remote-NAME`; `ext` runs anything.
            throw GitError(
                .noRepository,
                "The transport `\(match.1)::` is not used, since it runs a program; expected \(Self.expected)",
                words: nil)
        }
        if text.contains("://") {
            try self.init(url: text)
        } else if let match = text.firstMatch(of: #/^(?:[^\/:@]+@)?([^\/:@]+):/#),
            !FileManager.default.fileExists(atPath: text)
        {
            // As ssh takes it: `git@git.example.com:fleet.git`.
            guard !match.1.hasPrefix("-") else {
                throw GitError(.noRepository, "`\(text)` names no host; expected \(Self.expected)", words: nil)
            }
            self.init(address: text, name: text, transports: ["ssh"])
        } else {
            let path = URL(fileURLWithPath: text).standardizedFileURL.path
            self.init(address: path, name: text, transports: ["file"])
        }
    }

    private init(address: String, name: String, transports: [String]) {
        self.address = address
        self.name = name
        self.transports = transports
        location = address
        secrets = []
        settings = []
        credentials = [:]
    }

    private init(url text: String) throws(GitError) {
        func refusal(_ sentence: String) -> GitError {
            // Whatever stands there: a name and a password might.
            let shown = text.replacing(#/:\/\/.*@/#, with: "://***@").prefix { $0 != "?" }
            return GitError(.noRepository, "The repository `\(shown)` \(sentence)", words: nil)
        }
        guard !text.contains(where: \.isWhitespace), let parts = URLComponents(string: text),
            let scheme = parts.scheme?.lowercased()
        else {
            throw refusal("is no URL; what is no letter or digit in a name or a password has to be percent-encoded")
        }
        let host = parts.host ?? ""
        switch scheme {
        case "https", "ssh", "file": break
        case "http" where LoopbackHost.contains(host): break
        case "http", "git":
            throw refusal("would be read as plain text, which others could change on its way. Use https or ssh")
        default: throw refusal("has the unknown scheme `\(scheme)`; expected \(Self.expected)")
        }
        guard scheme == "file" || (!host.isEmpty && !host.hasPrefix("-")) else {
            throw refusal("names no host; expected \(Self.expected)")
        }
        var secrets = [parts.percentEncodedPassword, parts.password, parts.percentEncodedQuery]
        // A token may stand in the place of the user, but the user of ssh is no secret.
        if scheme != "ssh" { secrets += [parts.percentEncodedUser, parts.user] }
        self.secrets = Set(secrets.compactMap(\.self)).filter { $0.count >= Self.leastSecret }.sorted()
        address = text
        transports = scheme == "file" || scheme == "http" ? [scheme] : ["https", "ssh"]
        (location, settings, credentials) = Self.withoutCredentials(parts, scheme: scheme, text: text)
        var shown = parts
        shown.percentEncodedQuery = nil
        shown.fragment = nil
        if parts.percentEncodedUser != nil || parts.percentEncodedPassword != nil {
            shown.percentEncodedPassword = nil
            shown.percentEncodedUser = nil
            name = (shown.string ?? "\(scheme)://\(host)").replacing("://", with: "://***@", maxReplacements: 1)
        } else {
            name = shown.string ?? "\(scheme)://\(host)"
        }
    }

    /// Takes the name and the password out of an address: programs that git starts have the address among their
    /// arguments, which anybody on the machine can read.
    private static func withoutCredentials(
        _ parts: URLComponents, scheme: String, text: String
    ) -> (location: String, settings: [Setting], credentials: [String: String]) {
        var bare = parts
        bare.percentEncodedPassword = nil
        switch scheme {
        case "https", "http":
            bare.percentEncodedUser = nil
            guard let location = bare.string, let user = parts.user else { return (text, [], [:]) }
            var origin = bare
            origin.path = ""
            origin.percentEncodedQuery = nil
            origin.fragment = nil
            let scope = "credential." + (origin.string ?? "")
            guard let password = parts.password else {
                return (location, [Setting(key: scope + ".username", value: user)], [:])
            }
            // An empty one takes back those before it, so that no other helper keeps the password.
            let settings = [
                Setting(key: "credential.helper", value: ""), Setting(key: scope + ".helper", value: ""),
                Setting(key: scope + ".helper", value: helper),
            ]
            return (location, settings, [userVariable: user, passwordVariable: password])
        default:
            // ssh does not use a password of its address.
            return parts.percentEncodedPassword == nil ? (text, [], [:]) : (bare.string ?? text, [], [:])
        }
    }

    var holdsPassword: Bool { location != address && !secrets.isEmpty }

    /// Options of the commands that read from it. What serves a folder of this machine fetches nothing in its turn, though
    /// the settings of that repository may name a program for it.
    var fetchOptions: [String] {
        transports == ["file"] ? ["--upload-pack=GIT_ALLOW_PROTOCOL= git-upload-pack"] : []
    }

    private static let userVariable = "PROFILECTL_REPOSITORY_USER"
    private static let passwordVariable = "PROFILECTL_REPOSITORY_PASSWORD"

    /// Git runs it by a shell, with `get`, `store` or `erase` behind it.
    private static let helper =
        "!f() { test \"$1\" = get && printf 'username=%s\\npassword=%s\\n' \"$\(userVariable)\" "
        + "\"$\(passwordVariable)\"; }; f"
}
