/// Why a document was given up.
enum YAMLRefusal: Error {
    case syntax(YAMLSyntaxError)
    /// Deeper, or with more behind its aliases, than is allowed.
    case limit(YAMLMark, String)
    case unknownAlias(YAMLMark, String)

    var mark: YAMLMark {
        switch self {
        case .syntax(let error): error.mark
        case .limit(let mark, _), .unknownAlias(let mark, _): mark
        }
    }

    /// The same refusal in a part of a text that `lines` lines stand before.
    func movedBehind(lines: Int) -> YAMLRefusal {
        switch self {
        case .syntax(var error):
            error.mark.line += lines
            return .syntax(error)
        case .limit(let mark, let reason):
            return .limit(YAMLMark(line: mark.line + lines, column: mark.column), reason)
        case .unknownAlias(let mark, let name):
            return .unknownAlias(YAMLMark(line: mark.line + lines, column: mark.column), name)
        }
    }
}
