import Foundation

/// What stands in a place: nothing, a value, or something that cannot be read. The last is never taken for the first.
enum Presence<Value> {
    case absent
    case present(Value)
    case unreadable(ReadFailure)

    /// The value.
    /// - Throws: `ReadFailure`, also where nothing is there.
    func required() throws(ReadFailure) -> Value {
        switch self {
        case .absent: throw .absent
        case .present(let value): return value
        case .unreadable(let failure): throw failure
        }
    }
}

extension Presence: Sendable where Value: Sendable {}
extension Presence: Equatable where Value: Equatable {}

/// Why something that is named cannot be read.
enum ReadFailure: Error, Hashable, Sendable {
    /// Nothing is there.
    case absent
    /// A link to something that is not there.
    case danglingLink(to: String)
    /// A link that comes back to itself, or too many links after another.
    case circularLink
    /// A link to something outside the folder or the revision that is read.
    case outwardLink(to: String)
    /// A repository within a revision of a repository, whose files are elsewhere.
    case submodule
    /// A folder where a file is expected, or no file at all: a device, a socket.
    case notAFile
    /// The name is not in UTF-8.
    case nameEncoding
    /// The system's number of the error.
    case system(Int32)
    /// Git's sentence.
    case git(String)

    /// Completes "`PATH`, ...".
    var words: String {
        switch self {
        case .absent: "which cannot be read"
        case .danglingLink(let target): "a link to `\(target.excerpt(limit: 200))`, where nothing is"
        case .circularLink: "a link that leads round in a circle"
        case .outwardLink(let target): "a link that leads out, to `\(target.excerpt(limit: 200))`"
        case .submodule: "a submodule, whose files are in another repository"
        case .notAFile: "which is no file"
        case .nameEncoding: "a name that is no UTF-8"
        case .system(let number): "which cannot be read: \(Self.words(of: number))"
        case .git(let sentence): "which cannot be read: \(sentence.excerpt(limit: 300))"
        }
    }

    /// What there should be.
    var expected: String {
        switch self {
        case .absent, .system, .git: "a file that exists and may be read"
        case .danglingLink, .circularLink: "a link to something that exists, or none"
        case .outwardLink: "files below the folder that is read"
        case .submodule: "files of this repository"
        case .notAFile: "a file"
        case .nameEncoding: "a name in UTF-8"
        }
    }

    var hint: String? {
        switch self {
        case .submodule: "read the submodule's own repository, or commit its files here"
        case .outwardLink: "name the file itself as a path if it is meant"
        case .system(EACCES), .system(EPERM): "the program's user needs the right to read it"
        default: nil
        }
    }

    private static func words(of number: Int32) -> String {
        switch number {
        case EACCES, EPERM: "permission denied"
        default: String(cString: strerror(number)).lowercased()
        }
    }
}
