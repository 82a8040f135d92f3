import Foundation

/// Where a repository is that is followed: a folder of this machine, or a URL.
struct GitRemote: Hashable, Sendable {
    /// As git is given it; it may hold a password.
    let address: String
    /// As people are shown it.
    let name: String
    /// What must not be seen anywhere, and is too long to stand in other words by chance. What is shorter is hidden where
    /// addresses have it.
    let secrets: [String]

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
        if text.contains("://") {
            try self.init(url: text)
        } else if let match = text.firstMatch(of: #/^(?:[^\/:@]+@)?([^\/:@]+):/#),
            !FileManager.default.fileExists(atPath: text)
        {
            // As ssh takes it: `git@git.example.com:fleet.git`.
            guard !match.1.hasPrefix("-") else {
                throw GitError(.noRepository, "`\(text)` names no host; expected \(Self.expected)", words: nil)
            }
            self.init(address: text, name: text, secrets: [])
        } else {
            self.init(address: URL(fileURLWithPath: text).standardizedFileURL.path, name: text, secrets: [])
        }
    }

    private init(address: String, name: String, secrets: [String]) {
        self.address = address
        self.name = name
        self.secrets = secrets
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
}
