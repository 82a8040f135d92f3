import ArgumentParser
import Reconciler

/// Accounts by their names.
struct AccountOptions: ParsableArguments {
    @Option(
        name: .customLong("account"), help: ArgumentHelp("An account; may be given several times.", valueName: "name"),
        transform: { text in
            guard let name = AccountName(checked: text) else {
                throw ValidationError("`\(text)` is no name of a billing account.")
            }
            return name
        })
    var names: [AccountName] = []
}

/// Accounts by their names, or by the manifests that name them.
struct AccountArguments: ParsableArguments {
    @Argument(
        help: "YAML files, directories of them, or - for standard input: the accounts that they name.",
        completion: .file(extensions: ["yaml", "yml"]))
    var paths: [String] = []

    @OptionGroup var tables: TableOptions
    @OptionGroup var accounts: AccountOptions

    func validate() throws {
        guard !paths.isEmpty || !accounts.names.isEmpty else {
            throw ValidationError("Name manifests, or accounts with --account.")
        }
    }

    /// - Parameters:
    ///   - isStrict: whether warnings about the manifests are taken for errors.
    ///   - isLimitedToDeclared: whether only the declared devices are meant, and not whole accounts.
    func scope(
        _ common: CommonOptions, isStrict: Bool = false, isLimitedToDeclared: Bool = false
    ) async throws -> RefreshScope {
        guard !paths.isEmpty else { return RefreshScope(accounts: accounts.names) }
        return RefreshScope(
            try await ManifestArguments.load(paths, isStrict: isStrict, tables, common), only: accounts.names,
            isLimitedToDeclared: isLimitedToDeclared)
    }
}
