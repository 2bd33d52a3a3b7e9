/** Common French words of digital jobs, spelt with their accents; the measure of searches typed without them. */
export const digitalWords: readonly string[] = `
développement développeur programmation programmeur logiciel application algorithme algorithmique variable fonction
débogage compilateur bibliothèque dépôt versionnage intégration déploiement conteneur virtualisation hébergement serveur
réseau réseaux routeur commutateur câblage protocole adressage pare-feu sécurité cybersécurité chiffrement cryptographie
authentification vulnérabilité intrusion sauvegarde restauration hameçonnage confidentialité anonymisation règlement
conformité données donnée tableur bureautique traitement présentation diaporama publipostage formulaire graphique
statistique statistiques probabilités modélisation visualisation prédiction apprentissage intelligence artificielle
robotique automatisation électronique microcontrôleur capteur domotique impression modèle numérisation découpe fabrication
numérique informatique ordinateur clavier écran imprimante périphérique mémoire processeur système systèmes exploitation
administration administrateur maintenance dépannage assistance diagnostic matériel téléphone téléphonie mobile tablette
navigateur moteur recherche référencement indexation contenu rédaction rédacteur éditorial stratégie communication
marketing publicité campagne audience mesure réputation influence communauté animation médiation médiateur inclusion
accessibilité ergonomie expérience utilisateur interface maquette prototype création créateur graphisme graphiste
infographie infographiste illustration retouche photographie vidéo montage réalisation réalisateur scénario captation
sonorisation audiovisuel média médias multimédia jeu ludique animation intégrateur intégration responsive feuille balise
boutique commerce vente électronique paiement facturation comptabilité gestion gestionnaire projet méthode agile agilité
planification pilotage qualité test testeur recette spécification analyse analyste architecture architecte conception
concepteur ingénierie ingénieur technicien technicienne consultant formateur formatrice enseignement pédagogie pédagogique
évaluation compétence compétences certification certifiant diplôme métier métiers reconversion débutant débutante
intermédiaire avancé initiation perfectionnement découverte atelier tutorat télétravail collaboratif visioconférence
messagerie courriel agenda partage fichier dossier archivage classement signature dématérialisation démarche démarches
citoyenneté éthique écologie écoconception sobriété responsabilité fracture illectronisme santé logistique géomatique
cartographie géolocalisation nuage infrastructure supervision métrologie requête requêtes relationnelle entrepôt décisionnel
`
  .split(/\s+/)
  .filter((word, index, all) => word !== '' && all.indexOf(word) === index);
