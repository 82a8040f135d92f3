@testable import Reconciler

/// A folder that is a git repository with one commit of what is in it.
enum GitFolder {
    static func initialize(_ folder: TemporaryFolder) throws {
        _ = try GitProcess.run(["init", "--quiet", "--initial-branch", "main"], in: folder.path)
        try commit(folder)
    }

    /// Commits everything as it is.
    static func commit(_ folder: TemporaryFolder, tag: String? = nil) throws {
        _ = try GitProcess.run(["add", "--all"], in: folder.path)
        _ = try GitProcess.run(
            [
                "-c", "user.name=Ann", "-c", "user.email=ann@example.com", "-c", "commit.gpgsign=false", "commit",
                "--quiet", "--allow-empty", "--message", "a change",
            ], in: folder.path)
        if let tag { _ = try GitProcess.run(["tag", tag], in: folder.path) }
    }
}
