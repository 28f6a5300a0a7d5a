/** Debian packages with running English text: books, dictionaries' prose, manuals. Each yields from 0.2 to 15 MB. */
export const ENGLISH = (
  'ada-reference-manual-2012 anarchism apache2-doc bacula-doc bash-doc csound-doc debian-handbook debian-reference-en ' +
  'dict-foldoc dict-gcide dict-jargon dict-wn erlang-doc exim4-doc-html fortunes ghc-doc git-doc gnucash-docs grass-doc ' +
  'libboost1.81-doc libreoffice-help-en-us lilypond-doc-html linux-doc-6.1 nethack-common openjdk-17-doc perl-doc ' +
  'postgresql-doc-15 povray-doc python-astropy-doc python-biopython-doc python-django-doc python-pandas-doc ' +
  'python-scipy-doc python-sklearn-doc python-sqlalchemy-doc python-statsmodels-doc python-sympy-doc python3.11-doc ' +
  'qtbase5-doc-html racket-doc rust-doc sagemath-doc sqlite3-doc zsh-doc'
).split(' ');

/** Smaller corpora in other scripts: the packages, and which of their files are in the language. */
export const OTHER_LANGUAGES = {
  russian: {
    packages: ['debian-handbook', 'gnome-user-docs', 'installation-guide-amd64'],
    files: /[/.](ru-RU|ru)[/.]/,
    script: /[а-я]/i,
  },
  chinese: {
    packages: ['debian-handbook', 'gnome-user-docs', 'installation-guide-amd64', 'linuxcnc-doc-zh-cn'],
    files: /[/._](zh-CN|zh_CN|zh)[/.]/i,
    script: /[一-鿿]/,
  },
  french: {
    packages: ['debian-handbook', 'gnome-user-docs', 'installation-guide-amd64', 'linuxcnc-doc-fr'],
    files: /[/._](fr-FR|fr)[/.]/,
    script: /[éèàç]/i,
  },
};
